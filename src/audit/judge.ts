import { RECORD_FIELDS } from '../domain/stream.ts'
import type { Stream } from '../domain/stream.ts'
import type { AuditClass, RecordDifference } from '../domain/upstream.ts'
import type { StreamEntry } from '../decode/stream-entry.ts'
import type { ChainRecord } from '../store/read/records.ts'
import type { ChainAnswer, ChainEntry } from './chain-reader.ts'

/**
 * Compares one stream of the log with its record on the chain.
 *
 * The answer is of ledger L; the record in it has not changed since ledger M. Our log is complete
 * through ledger P; our row has not changed since ledger U. So the record is valid for ledgers M to
 * L and the row for U to P. They can be compared if these ranges overlap: M <= P and U <= L. If
 * not, the stream is "not yet" comparable, whichever side is behind. The same holds for an answer
 * from before the log's last hole, because it could not repair what it finds.
 */

/** What an audit found out about one stream. */
export interface AuditRow {
  streamId: bigint
  class: AuditClass
  differences: RecordDifference[]
  /** The ledger at which the chain's side was read. */
  ledger: number
  liveUntilLedger: number | null
  /** The chain's record; undefined if there is none, or none that can be read. */
  chain: ChainRecord | undefined
  /** For `not_yet`: which side must reach a later ledger first. */
  waitsFor: 'log' | 'source' | undefined
}

/** The log's side of a comparison. */
export interface LogSide {
  streamId: bigint
  stream: Stream | undefined
  /** The database holds a record of the chain for it, of a ledger that the log has not reached. */
  isWaiting: boolean
  /** Ledgers, as in `Coverage`. */
  scannedThrough: number
  lastHole: number
  /** Close time of the log's first ledger, Unix seconds; undefined if not known. */
  logStartTime: bigint | undefined
}

/** Returns undefined if neither side has the stream. */
export function judge(log: LogSide, { ledger, entries }: ChainAnswer): AuditRow | undefined {
  const { streamId, stream } = log
  const entry = entries.get(streamId)
  if (stream === undefined && entry === undefined) return undefined
  const liveUntilLedger =
    entry === undefined ? (stream?.liveUntilLedger ?? null) : entry.liveUntilLedger
  const chain = entry && recordOf(entry, ledger)
  const row = { streamId, differences: [], ledger, liveUntilLedger, chain, waitsFor: undefined }

  if (log.isWaiting || (entry !== undefined && entry.lastModifiedLedger > log.scannedThrough)) {
    return { ...row, class: 'not_yet', waitsFor: 'log' }
  }
  if (ledger < log.lastHole || (stream !== undefined && stream.updatedLedger > ledger)) {
    return { ...row, class: 'not_yet', waitsFor: 'source' }
  }
  if (stream === undefined && chain !== undefined && log.logStartTime !== undefined) {
    if (chain.record.startTime < log.logStartTime) return { ...row, class: 'before_log' }
  }
  const isArchived = liveUntilLedger !== null && liveUntilLedger < ledger
  // Some servers leave archived entries out. Nothing else removes a record.
  if (entry === undefined && isArchived) return { ...row, class: 'archived' }
  const differences = differencesOf(stream, entry?.content)
  if (differences.length > 0) return { ...row, class: 'drift', differences }
  return { ...row, class: isArchived ? 'archived' : 'ok' }
}

function recordOf(
  { content, lastModifiedLedger, liveUntilLedger }: ChainEntry,
  readLedger: number,
): ChainRecord | undefined {
  if (content.kind === 'unreadable') return undefined
  return { record: content.record, ledger: lastModifiedLedger, readLedger, liveUntilLedger }
}

function differencesOf(
  stream: Stream | undefined,
  content: StreamEntry | undefined,
): RecordDifference[] {
  const ours = stream === undefined ? null : 'present'
  if (content === undefined) return [{ field: 'record', ours, chain: null }]
  if (content.kind === 'unreadable') {
    return [{ field: 'record', ours, chain: `unreadable: ${content.reason}` }]
  }
  if (stream === undefined) return [{ field: 'record', ours, chain: 'present' }]
  const { record } = content
  return RECORD_FIELDS.flatMap((field) =>
    stream[field] === record[field]
      ? []
      : [{ field, ours: text(stream[field]), chain: text(record[field]) }],
  )
}

function text(value: string | bigint | boolean | null): string | null {
  return value === null ? null : String(value)
}
