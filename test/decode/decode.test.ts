import { fc, test as property } from '@fast-check/vitest'
import { Address, nativeToScVal, scValToNative, xdr } from '@stellar/stellar-sdk'
import { describe, expect, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import type { ContractEvent, RawEvent } from '../../src/domain/event.ts'
import { loadRecording, rawEvents, RECORDINGS } from '../support/recordings.ts'
import type { RecordingName } from '../support/recordings.ts'

const decode = createDecoder()
const SENDER = 'GDCCQSSJYYUQY7ZLP67RVMFOS2S7KRNEDRAUMMHF6EAF4KPXZMI7TMBF'
const CONTRACT = 'CA4HLQODLMNPLL446KFJ2EHS64JHTAYJKW36E3VILSK3NKJZBKZ56USL'

describe.each(Object.keys(RECORDINGS) as RecordingName[])('every event of %s', (name) => {
  test('every event is decoded like the SDK decodes it', async () => {
    const recording = await loadRecording(name)
    for (const ledger of recording.ledgers) {
      for (const raw of rawEvents(recording, ledger)) {
        const event = decode(raw)
        if (event.type === 'unrecognised') throw new Error(`${raw.id}: ${event.reason}`)
        const data = scValToNative(xdr.ScVal.fromXdr(raw.value, 'base64')) as Record<
          string,
          unknown
        >
        expect(fieldsOnTheWire(event)).toEqual(data)
      }
    }
  })
})

describe('P4: an event that is not as expected', () => {
  const cancelled = {
    stream_id: u64(7n),
    sender: address(SENDER),
    recipient: address(CONTRACT),
    amount_withdrawn: i128(5n),
    refunded_amount: i128(-(2n ** 127n)),
  }
  const topics = [symbol('stream_cancelled'), u64(7n)]

  test('an event with extra fields and topics is decoded', () => {
    const more = { ...cancelled, note: nativeToScVal([{ deep: [1, 'two', null] }]), at: u64(1n) }
    const event = decode(raw([...topics, symbol('more')], map(more)))
    expect(event).toMatchObject({
      type: 'stream.cancelled',
      streamId: 7n,
      fields: { sender: SENDER, recipient: CONTRACT, refundedAmount: -(2n ** 127n) },
    })
  })

  test.each<[string, readonly xdr.ScVal[], xdr.ScVal, string]>([
    [
      'an unknown symbol',
      [symbol('stream_split'), u64(7n)],
      map(cancelled),
      'unknown event "stream_split"',
    ],
    ['a missing field', topics, map(without(cancelled, 'sender')), 'field sender is missing'],
    [
      'no stream id in the data',
      topics,
      map(without(cancelled, 'stream_id')),
      'field stream_id is missing',
    ],
    [
      'a retyped field',
      topics,
      map({ ...cancelled, amount_withdrawn: u64(5n) }),
      'field amount_withdrawn is a u64, not a i128',
    ],
    [
      'no stream id in the topics',
      [symbol('stream_cancelled')],
      map(cancelled),
      'without a stream id',
    ],
    [
      'a stream id of another type',
      [symbol('stream_cancelled'), i128(7n)],
      map(cancelled),
      'second topic is a i128, not a u64',
    ],
    [
      'two stream ids',
      [symbol('stream_cancelled'), u64(8n)],
      map(cancelled),
      'stream_id in the data differs',
    ],
    ['data that is not a map', topics, u64(1n), 'data is a u64, not a map'],
    [
      'a first topic that is not a symbol',
      [u64(1n), u64(7n)],
      map(cancelled),
      'first topic is a u64, not a symbol',
    ],
    ['no topics', [], map(cancelled), 'no topics'],
  ])('an event with %s becomes unrecognised', (_, given, data, reason) => {
    const event = raw(given, data)
    expect(decode(event)).toEqual({
      id: event.id,
      contractId: event.contractId,
      ledger: event.ledger,
      timestamp: event.timestamp,
      transactionHash: event.transactionHash,
      type: 'unrecognised',
      reason: expect.stringContaining(reason) as string,
      topics: event.topics,
      value: event.value,
    })
  })

  test('a system event becomes unrecognised', () => {
    const event = { ...raw(topics, map(cancelled)), type: 'system' }
    expect(decode(event)).toMatchObject({
      type: 'unrecognised',
      reason: 'an event of type "system"',
    })
  })

  test.each([
    ['a type that no protocol has yet', 'AAAAYwAAAAA='],
    ['bytes after the value', `${map(cancelled).toXdr('base64')}AAAA`],
    ['a value that ends too early', map(cancelled).toXdr('base64').slice(0, 40)],
    ['text that is not base64', '%%%%'],
    ['nothing', ''],
    ['a map that claims four billion entries', 'AAAAEQAAAAH/////'],
    ['a vector nested beyond any stack', `${'AAAAEAAAAAEAAAAB'.repeat(20_000)}AAAAAQ==`],
  ])('an event with %s becomes unrecognised and keeps its XDR', (_, value) => {
    const event = { ...raw(topics, map(cancelled)), value }
    expect(decode(event)).toMatchObject({ type: 'unrecognised', value })
  })

  property.prop([fc.array(fc.base64String(), { maxLength: 4 }), fc.base64String()])(
    'no bytes make the decoder throw',
    (given, value) => {
      const event = { ...raw([], u64(1n)), topics: given, value }
      expect(decode(event)).toMatchObject({ type: 'unrecognised', topics: given, value })
    },
  )

  property.prop([fc.nat(), fc.integer({ min: 0, max: 255 })])(
    'an event with one byte changed is decoded like the SDK decodes it, or not at all',
    (position, byte) => {
      const bytes = Buffer.from(map(cancelled).toXdr())
      bytes[position % bytes.length] = byte
      const event = decode({ ...raw(topics, u64(1n)), value: bytes.toString('base64') })
      if (event.type === 'unrecognised') return
      const data = scValToNative(xdr.ScVal.fromXdr(bytes)) as Record<string, unknown>
      expect(data).toMatchObject(fieldsOnTheWire(event))
    },
  )
})

function symbol(text: string): xdr.ScVal {
  return nativeToScVal(text, { type: 'symbol' })
}
function u64(value: bigint): xdr.ScVal {
  return nativeToScVal(value, { type: 'u64' })
}
function i128(value: bigint): xdr.ScVal {
  return nativeToScVal(value, { type: 'i128' })
}
function address(text: string): xdr.ScVal {
  return new Address(text).toScVal()
}
function map(fields: Record<string, xdr.ScVal>): xdr.ScVal {
  return nativeToScVal(
    Object.fromEntries(Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    { type: Object.fromEntries(Object.keys(fields).map((name) => [name, ['symbol', null]])) },
  )
}
function without<T extends object>(fields: T, name: keyof T & string) {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name)) as Record<
    string,
    xdr.ScVal
  >
}
function raw(topics: readonly xdr.ScVal[], value: xdr.ScVal): RawEvent {
  return {
    id: '0006442459533967360-0000000002',
    type: 'contract',
    contractId: CONTRACT,
    ledger: 1_500_002,
    timestamp: 1_786_000_010,
    transactionHash: 'ab'.repeat(32),
    topics: topics.map((topic) => topic.toXdr('base64')),
    value: value.toXdr('base64'),
  }
}

/** Our names back to the contract's. */
function fieldsOnTheWire(event: Exclude<ContractEvent, { type: 'unrecognised' }>) {
  const wire: Record<string, unknown> = {}
  if ('streamId' in event) wire['stream_id'] = event.streamId
  for (const [name, value] of Object.entries(event.fields)) {
    const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    wire[snake === 'withdrawn_at' ? 'timestamp' : snake] = value
  }
  return wire
}
