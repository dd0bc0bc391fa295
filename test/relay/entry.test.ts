import { describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import type { RawEvent } from '../../src/domain/event.ts'
import { EntryError, readChangeEntry, readPageEntry, writeEntry } from '../../src/relay/entry.ts'
import type { ChangeEntry, PageEntry } from '../../src/relay/entry.ts'
import { NO_CHANGES } from '../../src/store/read/relay-position.ts'
import { loadRecording } from '../support/recordings.ts'

const { ledgers } = await loadRecording('lively')
const events = ledgers
  .flatMap((ledger) => ledger.events ?? [])
  .map((event): RawEvent => ({
    id: event.id,
    type: event.type,
    contractId: event.contractId,
    ledger: event.ledger,
    timestamp: Date.parse(event.ledgerClosedAt) / 1_000,
    transactionHash: event.txHash,
    topics: event.topic ?? [],
    value: event.value,
  }))

function pageOf(count: number): PageEntry {
  return {
    kind: 'page',
    after: endOfLedger(9),
    changes: NO_CHANGES,
    page: {
      events: events.slice(0, count),
      cursor: endOfLedger(10),
      scannedFrom: 10,
      closedAt: 1_700_000_000,
    },
  }
}

function changeOf(amount: bigint, notes: string): ChangeEntry {
  const args = [{ amount, notes, none: null, 'ключ "1"': [0, -1, 'é\n'] }]
  return { previous: NO_CHANGES, change: 'one', at: endOfLedger(9), write: 'putRecords', args }
}

describe('an entry', () => {
  test.each([0, 1, 2, 20, 1_000])('P1: a page of %i events arrives as it was', (count) => {
    const entry = pageOf(count)
    expect(readPageEntry(writeEntry(entry))).toEqual({ version: 1, ...entry })
  })

  test.each([0n, 2n ** 127n, -(2n ** 127n)])('a change with %i arrives as it was', (amount) => {
    for (const notes of ['short', 'лонг {"bigint":"1"} '.repeat(500)]) {
      const entry = changeOf(amount, notes)
      expect(readChangeEntry(writeEntry(entry))).toEqual({ version: 1, ...entry })
    }
  })

  test('twenty events take less than a third of their JSON', () => {
    const entry = pageOf(20)
    expect(writeEntry(entry).length).toBeLessThan(JSON.stringify(entry).length / 3)
  })

  test('P9: what nobody of us has written is refused, whatever it is', () => {
    const packed = writeEntry(pageOf(20))
    const foreign = ['', 'null', 'x', '[]', '{', '{}', '{"version":2}', 'AAAA', '"{}"']
    for (const text of [...foreign, packed.slice(0, -9), packed.slice(9)]) {
      expect(() => readPageEntry(text)).toThrow(EntryError)
      expect(() => readChangeEntry(text)).toThrow(EntryError)
    }
  })
})
