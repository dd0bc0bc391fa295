import Database from 'better-sqlite3'
import { expect } from 'vitest'
import type { Recording } from '../../src/simulator/recording.ts'
import { byId, chainAt, recordsOf } from '../support/chain-records.ts'
import { recordedIds } from '../support/recorded.ts'
import { scannedLedger, memoryStore } from '../support/recordings.ts'

/** Ledgers, both ends included. */
export interface Range {
  from: number
  to: number
}

export interface Whole {
  database: string
  recording: Recording
  /** The newest ledger that was indexed. */
  last: number
  lost: readonly Range[]
}

interface EventRow {
  id: string
  data: string
  raw: string
}

/**
 * Checks that a database has every event of the recording except the lost ones, in order and as an
 * undisturbed indexer stores them; that its streams are the contract's; and that every ledger is
 * either covered or in a gap.
 */
export function expectWhole({ database, recording, last, lost }: Whole): void {
  const sqlite = new Database(database, { readonly: true })
  const calm = memoryStore()
  try {
    expect(sqlite.pragma('integrity_check', { simple: true })).toBe('ok')
    const isLost = (ledger: number) => lost.some(({ from, to }) => from <= ledger && ledger <= to)
    const kept = recording.ledgers.filter(({ sequence }) => !isLost(sequence))
    for (const ledger of recording.ledgers) calm.writer.apply(scannedLedger(recording, ledger))

    const query = 'select id, data, raw from events order by id'
    const events = sqlite.prepare<[], EventRow>(query).all()
    const ids = recordedIds({ ...recording, ledgers: kept })
    expect(events.map(({ id }) => id)).toEqual(ids)
    const stored = new Map(
      calm.sqlite
        .prepare<[], EventRow>(query)
        .all()
        .map((row) => [row.id, row]),
    )
    for (const { id, data, raw } of events) {
      expect(raw).toBe(stored.get(id)!.raw)
      expect(comparable(data, lost)).toEqual(comparable(stored.get(id)!.data, lost))
    }

    const end = recording.ledgers.at(-1)!.sequence
    expect(recordsOf({ sqlite })).toEqual(byId(chainAt(recording, end)))

    const scanned = sqlite
      .prepare('select from_ledger as "from", to_ledger as "to" from coverage order by 1')
      .all()
    expect(scanned).toEqual(between({ from: recording.header.firstLedger, to: last }, lost))
    const gaps = sqlite
      .prepare('select from_ledger as "from", to_ledger as "to" from gaps order by 1')
      .all()
    expect(gaps).toEqual(lost)
  } finally {
    sqlite.close()
    calm.close()
  }
}

/** Whether the log has a hash by which another chain can be recognised. */
export function hasRememberedLedger(database: string): boolean {
  const sqlite = new Database(database, { readonly: true })
  try {
    return sqlite.prepare('select 1 from ledger_hashes').get() !== undefined
  } finally {
    sqlite.close()
  }
}

/** The event without its parties if ledgers were lost: the creation of its stream may be among them. */
function comparable(data: string, lost: readonly Range[]): object {
  const event = JSON.parse(data) as object
  return lost.length === 0 ? event : { ...event, sender: null, recipient: null }
}

/** The parts of a range outside of others. */
function between(whole: Range, without: readonly Range[]): Range[] {
  const left: Range[] = []
  let from = whole.from
  for (const range of without) {
    left.push({ from, to: range.from - 1 })
    from = range.to + 1
  }
  return [...left, { from, to: whole.to }]
}
