import { fc, test as property } from '@fast-check/vitest'
import { nativeToScVal, xdr } from '@stellar/stellar-sdk/base'
import { describe, expect, test } from 'vitest'
import { createStreamEntryReader } from '../../src/decode/stream-entry.ts'
import { readStreamCounter } from '../../src/decode/stream-counter.ts'
import { createEntryKeys } from '../../src/source/entry-keys.ts'
import { loadRecording, RECORDINGS } from '../support/recordings.ts'
import type { RecordingName } from '../support/recordings.ts'

const read = createStreamEntryReader()
const quirks = await loadRecording('quirks')
const keys = createEntryKeys(quirks.header.contractId)
const entries = quirks.ledgers.flatMap((ledger) => ledger.entries ?? [])
const ofStream = entries.find(({ key }) => key === keys.stream(1n))!.xdr
const counterKey = variant('StreamCounter')

describe.each(Object.keys(RECORDINGS) as RecordingName[])('every entry of %s', (name) => {
  test('P5: every entry is read as the record that the contract returns', async () => {
    const recording = await loadRecording(name)
    const { instance, stream } = createEntryKeys(recording.header.contractId)
    let records = 0
    for (const ledger of recording.ledgers) {
      const found = (ledger.entries ?? []).filter(({ key }) => key !== instance)
      const expected = new Map(
        (ledger.streams ?? []).map((each) => [stream(BigInt(String(each['streamId']))), each]),
      )
      expect(found.map(({ key }) => key).toSorted()).toEqual([...expected.keys()].toSorted())
      for (const entry of found) {
        const content = read(entry.xdr)
        if (content.kind === 'unreadable') throw new Error(content.reason)
        const plain = Object.entries(content.record).map(([field, value]) => [
          field,
          typeof value === 'bigint' ? value.toString() : value,
        ])
        expect(Object.fromEntries(plain)).toEqual(expected.get(entry.key))
        records += 1
      }
    }
    expect(records).toBeGreaterThan(8)
  })

  test('the counter is the number of streams', async () => {
    const recording = await loadRecording(name)
    const { instance } = createEntryKeys(recording.header.contractId)
    const streams = new Set<unknown>()
    for (const ledger of recording.ledgers) {
      for (const { streamId } of ledger.streams ?? []) streams.add(streamId)
      const entry = ledger.entries?.find(({ key }) => key === instance)
      if (entry === undefined) continue
      expect(readStreamCounter(entry.xdr) ?? 0n).toBe(BigInt(streams.size))
    }
  })
})

describe('the stream counter', () => {
  test('the counter can be a separate entry', () => {
    expect(readStreamCounter(contractData(counterKey, nativeToScVal(7n, { type: 'u64' })))).toBe(7n)
  })
  test.each([
    ['a value of another type', contractData(counterKey, nativeToScVal(7n, { type: 'i128' }))],
    ['no XDR', 'AAAA'],
    ['no base64', '§'],
  ])('there is no counter in %s', (_, entry) => {
    expect(readStreamCounter(entry)).toBeUndefined()
  })
})

describe('P9: a record that is not as expected', () => {
  test('a record with extra fields is read', () => {
    expect(
      read(altered((fields) => [...fields, field('memo', nativeToScVal([1, 'two']))])),
    ).toEqual(read(ofStream))
  })

  test.each<[string, string, string]>([
    ['a missing field', without('paused'), 'field paused is missing'],
    [
      'a retyped amount',
      retyped('rate_per_second', u64(5n)),
      'field rate_per_second is a u64, not a i128',
    ],
    ['a retyped flag', retyped('is_active', u64(1n)), 'field is_active is a u64, not a bool'],
    [
      'a pause that is not a time',
      retyped('paused_at', nativeToScVal('x')),
      'field paused_at is a string, not a u64',
    ],
    ['an unknown status', retyped('status', variant('Frozen')), 'field status is "Frozen"'],
    ['a status with a value', retyped('status', nativeToScVal([1, 2])), 'not a variant'],
    ['another key', contractData(counterKey, u64(1n)), 'the key is not of a stream'],
    ['another entry', entries.find(({ key }) => key === keys.instance)!.xdr, 'the key'],
    ['no XDR', 'AAAA', 'XDR ends too early'],
    ['no base64', '§§', 'not base64'],
  ])('%s is a reason, not an error', (_, entry, reason) => {
    expect(read(entry)).toEqual({ kind: 'unreadable', reason: expect.stringContaining(reason) })
  })

  property.prop([fc.base64String()])('no bytes make the reader throw', (text) => {
    expect(read(text).kind).toBe('unreadable')
    readStreamCounter(text)
  })

  property.prop([fc.nat(), fc.integer({ min: 0, max: 255 })])(
    'no changed byte makes the reader throw',
    (position, byte) => {
      const bytes = Buffer.from(ofStream, 'base64')
      bytes[position % bytes.length] = byte
      expect(['record', 'unreadable']).toContain(read(bytes.toString('base64')).kind)
    },
  )
})

function u64(value: bigint): xdr.ScVal {
  return nativeToScVal(value, { type: 'u64' })
}
function variant(name: string): xdr.ScVal {
  return nativeToScVal([name], { type: ['symbol'] })
}
function field(name: string, val: xdr.ScVal): xdr.ScMapEntry {
  return new xdr.ScMapEntry({ key: nativeToScVal(name, { type: 'symbol' }), val })
}
function contractData(key: xdr.ScVal, val: xdr.ScVal): string {
  return replaced({ key, val })
}
function altered(change: (fields: xdr.ScMapEntry[]) => xdr.ScMapEntry[]): string {
  const { val } = dataOf(ofStream)
  if (val.type !== 'scvMap') throw new Error('no record')
  return replaced({ val: xdr.ScVal.scvMap(change(val.value ?? [])) })
}
function without(name: string): string {
  return altered((fields) => fields.filter((each) => nameOf(each) !== name))
}
function retyped(name: string, val: xdr.ScVal): string {
  return altered((fields) =>
    fields.map((each) => (nameOf(each) === name ? field(name, val) : each)),
  )
}
function nameOf({ key }: xdr.ScMapEntry): string {
  return key.type === 'scvSymbol' ? key.value : ''
}
function dataOf(text: string): xdr.ContractDataEntry {
  const entry = xdr.LedgerEntryData.fromXdr(text, 'base64')
  if (entry.type !== 'contractData') throw new Error('no contract data')
  return entry.value
}
function replaced(change: { key?: xdr.ScVal; val: xdr.ScVal }): string {
  const { ext, contract, key, durability } = dataOf(ofStream)
  const entry = new xdr.ContractDataEntry({ ext, contract, key, durability, ...change })
  return xdr.LedgerEntryData.contractData(entry).toXdr('base64')
}
