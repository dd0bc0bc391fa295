import { completeThrough } from '../../domain/cursor.ts'
import type { Decode } from '../../domain/event.ts'
import { eventJson } from '../../domain/event-json.ts'
import { fold } from '../../domain/fold.ts'
import type { Stream } from '../../domain/stream.ts'
import type { Baselines } from './baselines.ts'
import type { Coverage } from '../read/coverage.ts'
import type { Sqlite } from '../open.ts'
import { partiesOf } from './parties.ts'
import type { Projection } from './projection.ts'
import { decodeRaw } from './raw.ts'

export interface LogRow {
  id: string
  type: string
  data: string
  raw: string
}

/** What reading a log row again has made of it. */
export interface Reread {
  type: string
  changed: boolean
}

/** Folds stored events again, in order of id, on a projection that starts from nothing. */
export interface Replay {
  /**
   * Reads one stored event again and folds it: the row is rewritten where the decoder, or what is
   * known of the stream's parties, has changed. Its id never does.
   */
  reread(row: LogRow): Reread
  /** The stream's events will come anew from the first. */
  restart(streamId: bigint): void
  /** No more events of the stream are to come up to the end of this ledger. */
  finish(streamId: bigint, ledger: number): void
}

export function createReplay(
  sqlite: Sqlite,
  projection: Projection,
  baselines: Baselines,
  decode: Decode,
): Replay {
  const update = sqlite.prepare(
    'update events set type = ?, stream_id = ?, sender = ?, recipient = ?, data = ? where id = ?',
  )
  const rebased = new Set<bigint>()

  /** The stream as it was when `ledger` began. */
  function streamBefore(ledger: number, streamId: bigint): Stream | undefined {
    const stream = projection.get(streamId)
    if (rebased.has(streamId)) return stream
    const baseline = baselines.get(streamId)
    if (baseline === undefined || baseline.ledger >= ledger) return stream
    rebased.add(streamId)
    const based = baselines.rebase(stream, baseline)
    if (based === stream) return stream
    // An update would leave out what no event changes.
    projection.delete(streamId)
    projection.set(based)
    return based
  }

  return {
    reread(row) {
      const event = decode(decodeRaw(row))
      const streamId = 'streamId' in event ? event.streamId : undefined
      const before = streamId === undefined ? undefined : streamBefore(event.ledger, streamId)
      const after = 'streamId' in event ? fold(before, event) : undefined
      if (after !== undefined && after !== before) projection.set(after)
      const parties = partiesOf(event, after, (id) => baselines.get(id)?.record)
      const data = eventJson(event, parties)
      if (data === row.data) return { type: event.type, changed: false }
      const { sender, recipient } = parties
      update.run(event.type, streamId?.toString() ?? null, sender, recipient, data, row.id)
      return { type: event.type, changed: true }
    },
    restart: (streamId) => rebased.delete(streamId),
    finish: (streamId, ledger) => void streamBefore(ledger + 1, streamId),
  }
}

/** Folds one stream anew, for what arrived late: history, or what the chain says of the stream. */
export function createRefold(
  sqlite: Sqlite,
  {
    projection,
    baselines,
    coverage,
    decode,
  }: {
    projection: Projection
    baselines: Baselines
    coverage: Coverage
    decode: Decode
  },
): (streamId: bigint) => void {
  const replay = createReplay(sqlite, projection, baselines, decode)
  const rows = sqlite.prepare(
    'select id, type, data, raw from events where stream_id = ? order by id',
  )
  return (streamId) => {
    const liveUntilLedger = projection.get(streamId)?.liveUntilLedger ?? null
    projection.delete(streamId)
    replay.restart(streamId)
    for (const row of rows.all(streamId.toString()) as LogRow[]) replay.reread(row)
    replay.finish(streamId, scannedThrough(coverage))
    const stream = projection.get(streamId)
    if (stream !== undefined && stream.liveUntilLedger !== liveUntilLedger) {
      projection.set({ ...stream, liveUntilLedger })
    }
    projection.flush()
  }
}

/** The last ledger that the log leaves nothing out of, gaps aside; before any ledger: -1. */
export function scannedThrough(coverage: Coverage): number {
  const checkpoint = coverage.checkpoint()
  return checkpoint === undefined ? -1 : completeThrough(checkpoint.cursor)
}
