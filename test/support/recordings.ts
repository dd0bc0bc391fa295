import { fileURLToPath } from 'node:url'
import { createDecoder } from '../../src/decode/decode.ts'
import { endOfLedger } from '../../src/domain/cursor.ts'
import type { RawEvent } from '../../src/domain/event.ts'
import { readRecording } from '../../src/simulator/recording.ts'
import type { RecordedLedger, Recording } from '../../src/simulator/recording.ts'
import type { Batch, DecodedEvent } from '../../src/store/write/writer.ts'
import { openStore } from '../../src/store/store.ts'
import type { WritableStore } from '../../src/store/store.ts'

export const RECORDINGS = {
  'first-steps': 'first-steps.jsonl',
  quirks: 'quirks.jsonl.gz',
  lively: 'lively.jsonl.gz',
  month: 'month.jsonl.gz',
  busy: 'busy.jsonl.gz',
} as const

export type RecordingName = keyof typeof RECORDINGS

const loaded = new Map<RecordingName, Promise<Recording>>()

/** Read once for all tests, which change nothing in it. */
export function loadRecording(name: RecordingName): Promise<Recording> {
  const file = new URL(`../../fixtures/${RECORDINGS[name]}`, import.meta.url)
  const recording = loaded.get(name) ?? readRecording(fileURLToPath(file))
  loaded.set(name, recording)
  return recording
}

const decode = createDecoder()

/** The events of the recording's contract in one ledger, as a source hands them over. */
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

/** A batch that holds exactly one ledger. */
export function ledgerBatch(recording: Recording, ledger: RecordedLedger): Batch {
  const closedAt = seconds(ledger.closedAt)
  return {
    events: decodedEvents(recording, ledger),
    cursor: endOfLedger(ledger.sequence),
    scannedFrom: ledger.sequence,
    closedAt,
    tip: { ledger: ledger.sequence, closedAt },
  }
}

export function memoryStore(): WritableStore {
  return openStore(':memory:', decode)
}

/** Every row of every table that a user could see the effect of. */
export function dump({ sqlite }: WritableStore): Record<string, unknown[]> {
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
