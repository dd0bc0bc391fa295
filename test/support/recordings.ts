import { fileURLToPath } from 'node:url'
import { createDecoder } from '../../src/decode/decode.ts'
import { endOfLedger } from '../../src/domain/cursor.ts'
import type { RawEvent } from '../../src/domain/event.ts'
import { readRecording } from '../../src/simulator/recording.ts'
import type { RecordedLedger, Recording } from '../../src/simulator/recording.ts'
import { openDatabase } from '../../src/store/database.ts'
import type { Sqlite } from '../../src/store/sqlite.ts'
import { createWritableStore } from '../../src/store/store.ts'
import type { WritableStore } from '../../src/store/store.ts'
import type { DecodedEvent, ScannedPage } from '../../src/store/write/scanned-page.ts'

export const RECORDINGS = {
  'first-steps': 'first-steps.jsonl',
  quirks: 'quirks.jsonl.gz',
  lively: 'lively.jsonl.gz',
  month: 'month.jsonl.gz',
  busy: 'busy.jsonl.gz',
} as const

export type RecordingName = keyof typeof RECORDINGS

const loaded = new Map<RecordingName, Promise<Recording>>()

/** Reads a recording once for all tests; they must not change it. */
export function loadRecording(name: RecordingName): Promise<Recording> {
  const file = new URL(`../../fixtures/${RECORDINGS[name]}`, import.meta.url)
  const recording = loaded.get(name) ?? readRecording(fileURLToPath(file))
  loaded.set(name, recording)
  return recording
}

const decode = createDecoder()

/** The events of the recording's contract in one ledger, as a source gives them. */
export function rawEvents({ header }: Recording, { events = [] }: RecordedLedger): RawEvent[] {
  return events
    .filter((event) => event.contractId === header.contractId)
    .map((event) => ({
      id: event.id,
      type: event.type,
      contractId: event.contractId,
      ledger: event.ledger,
      timestamp: seconds(event.ledgerClosedAt),
      transactionHash: event.txHash,
      topics: event.topic ?? [],
      value: event.value,
    }))
}

export function decoded(raw: readonly RawEvent[]): DecodedEvent[] {
  return raw.map((event) => ({ raw: event, event: decode(event) }))
}

/** Unix seconds. */
export function seconds(instant: string): number {
  return Date.parse(instant) / 1_000
}

const decodedLedgers = new WeakMap<RecordedLedger, DecodedEvent[]>()

/** The events of a ledger, decoded once for all tests. */
function decodedEvents(recording: Recording, ledger: RecordedLedger): DecodedEvent[] {
  const events = decodedLedgers.get(ledger) ?? decoded(rawEvents(recording, ledger))
  decodedLedgers.set(ledger, events)
  return events
}

/** A page of exactly one ledger. */
export function scannedLedger(recording: Recording, ledger: RecordedLedger): ScannedPage {
  const closedAt = seconds(ledger.closedAt)
  return {
    events: decodedEvents(recording, ledger),
    cursor: endOfLedger(ledger.sequence),
    scannedFrom: ledger.sequence,
    closedAt,
    tip: { ledger: ledger.sequence, closedAt },
  }
}

/** A store, and its connection for tests that look at rows or damage them. */
export interface TestStore extends WritableStore {
  sqlite: Sqlite
}

export function memoryStore(): TestStore {
  return storeAt(':memory:')
}

export function storeAt(path: string, decoder = decode): TestStore {
  const sqlite = openDatabase(path)
  return { ...createWritableStore(sqlite, decoder), sqlite }
}

/** All rows of the tables whose content users can see. */
export function dump({ sqlite }: { sqlite: Sqlite }): Record<string, unknown[]> {
  const keys = {
    events: 'id',
    streams: 'stream_id',
    stream_totals: 'address, side, token_address, status',
    checkpoint: 'id',
    coverage: 'from_ledger',
    gaps: 'from_ledger, to_ledger',
    event_counts: 'type',
  }
  return Object.fromEntries(
    Object.entries(keys).map(([table, key]) => [
      table,
      sqlite.prepare(`select * from ${table} order by ${key}`).all(),
    ]),
  )
}
