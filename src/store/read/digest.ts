import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { completeThrough, ORIGIN } from '../../domain/cursor.ts'
import type { RawEvent } from '../../domain/event.ts'
import type { Sqlite } from '../sqlite.ts'
import { STREAM_COLUMNS } from '../stream-row.ts'
import { createCoverage } from './coverage.ts'
import type { Interval } from './coverage.ts'

/**
 * One hash over log and state up to the checkpoint. Databases with the same content have the same
 * hash, whichever way their content came: in pages of any size, from an RPC, from another node or in
 * a copy. So everything is left out that only says how or when it was read. Call it in a transaction.
 */
export function createDigest(sqlite: Sqlite): () => string {
  const { checkpoint, intervals, gaps } = createCoverage(sqlite)
  const events = sqlite.prepare<[string], EventRow>(
    'select id, type, sender, recipient, raw from events where id <= ? order by id',
  )
  const streams = sqlite.prepare<[]>(`select ${STREAM_RECORD} from streams order by stream_id`)

  return () => {
    const hash = createHash('sha256')
    const cursor = checkpoint()?.cursor ?? ORIGIN
    for (const { id, type, sender, recipient, raw } of events.iterate(cursor)) {
      const { topics, value } = JSON.parse(raw) as Pick<RawEvent, 'topics' | 'value'>
      add(hash, ['event', id, type, topics, value, sender, recipient])
    }
    for (const row of streams.raw().iterate()) add(hash, ['stream', row])
    const through = completeThrough(cursor)
    add(hash, ['coverage', union(intervals(), through)])
    add(hash, ['gaps', union(gaps(), through)])
    add(hash, ['checkpoint', cursor])
    return hash.digest('hex')
  }
}

interface EventRow {
  id: string
  type: string
  sender: string | null
  recipient: string | null
  raw: string
}

/** What a row says about its stream: the columns for the indexes follow from it. */
const STREAM_RECORD = [
  STREAM_COLUMNS.streamId,
  STREAM_COLUMNS.sender,
  STREAM_COLUMNS.recipient,
  STREAM_COLUMNS.tokenAddress,
  STREAM_COLUMNS.ratePerSecond,
  STREAM_COLUMNS.depositedAmount,
  STREAM_COLUMNS.withdrawnAmount,
  STREAM_COLUMNS.startTime,
  STREAM_COLUMNS.lastUpdateTime,
  STREAM_COLUMNS.isActive,
  STREAM_COLUMNS.paused,
  STREAM_COLUMNS.pausedAt,
  STREAM_COLUMNS.chainStatus,
  STREAM_COLUMNS.ended,
  STREAM_COLUMNS.endedAt,
  STREAM_COLUMNS.createdLedger,
  STREAM_COLUMNS.updatedLedger,
  STREAM_COLUMNS.lastEventId,
  STREAM_COLUMNS.origin,
].join(', ')

/** The line break separates the values: JSON has none. */
function add(hash: Hash, value: unknown): void {
  hash.update(`${JSON.stringify(value)}\n`)
}

/** Ledgers up to `through`; where intervals meet, it does not matter where one ends. */
function union(intervals: readonly Interval[], through: number): [number, number][] {
  const parts: [number, number][] = []
  for (const { from, to } of intervals) {
    const last = parts.at(-1)
    const end = Math.min(to, through)
    if (from > end) continue
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], end)
    else parts.push([from, end])
  }
  return parts
}
