import type { Cursor } from '../domain/cursor.ts'
import type { EventFilter } from '../domain/filter.ts'
import type { Stream } from '../domain/stream.ts'
import type { Log } from '../store/read/log.ts'
import type { Logged, Pause, ReadEvent } from './event.ts'

/**
 * What FlowFi's backend shows of a stream's past beside its record: when it was created and changed,
 * how long it was paused, and the event that ended it. All of it comes from the log.
 */
export interface Past {
  createdAt: number | undefined
  updatedAt: number | undefined
  /** All pauses that are over, in seconds. */
  pausedSeconds: number
  ended: Logged | undefined
}

export interface Pasts {
  of(streamId: string): Past
  /** By the id of the event that ended each. */
  pauses: ReadonlyMap<string, Pause>
}

const TELLING = [
  'stream.created',
  'stream.cancelled',
  'stream.completed',
  'stream.paused',
  'stream.resumed',
]

/** Events that are read and parsed in about a millisecond. */
const EVENTS_PER_STEP = 100

/** Events by their ids, in the same order, in steps. */
export function* eventsWith(
  { log, read }: { log: Log; read: ReadEvent },
  ids: readonly Cursor[],
): Generator<void, Logged[]> {
  const events: Logged[] = []
  for (let at = 0; at < ids.length; at += EVENTS_PER_STEP) {
    for (const entry of log.entries(ids.slice(at, at + EVENTS_PER_STEP))) events.push(read(entry))
    yield
  }
  return events
}

/** The ids of all matches, or of the first of them. */
export function* idsOf(
  log: Log,
  query: { filter: EventFilter; order?: 'asc' | 'desc'; most?: number },
): Generator<void, Cursor[]> {
  const { filter, order = 'asc', most = Number.POSITIVE_INFINITY } = query
  const ids: Cursor[] = []
  for (const batch of log.walk({ filter, order })) {
    for (const id of batch) ids.push(id)
    if (ids.length >= most) break
    yield
  }
  return ids.slice(0, most)
}

/** The past of these streams. */
export function* pastOf(
  from: { log: Log; read: ReadEvent },
  streams: readonly Stream[],
): Generator<void, Pasts> {
  if (streams.length === 0) return collect([])
  const ids = streams.map(({ streamId }) => streamId.toString())
  const found = yield* idsOf(from.log, {
    filter: { streams: ids, users: [], types: TELLING },
  })
  const last = streams.flatMap(({ lastEventId }) => lastEventId ?? [])
  const events = yield* eventsWith(from, [...new Set([...found, ...last])].toSorted())
  return collect(events)
}

/** The past of the streams of these events, which are in the order of the chain. */
export function collect(events: readonly Logged[]): Pasts {
  const byStream = new Map<string, Past & { pausedAt: bigint | undefined }>()
  const pauses = new Map<string, Pause>()

  for (const event of events) {
    const { streamId, type, timestamp } = event
    let past = byStream.get(streamId)
    if (past === undefined) byStream.set(streamId, (past = { ...NOTHING, pausedAt: undefined }))
    past.updatedAt = timestamp
    if (type === 'stream.created') past.createdAt = timestamp
    if (type === 'stream.cancelled' || type === 'stream.completed') past.ended = event
    if (type === 'stream.paused') past.pausedAt = event.time('pausedAt')
    if (type !== 'stream.resumed') continue
    const since = past.pausedAt === undefined ? timestamp : Number(past.pausedAt)
    const duration = Math.max(0, timestamp - since)
    past.pausedSeconds += duration
    past.pausedAt = undefined
    pauses.set(event.id, { duration, total: past.pausedSeconds })
  }
  return { of: (streamId) => byStream.get(streamId) ?? NOTHING, pauses }
}

const NOTHING: Past = {
  createdAt: undefined,
  updatedAt: undefined,
  pausedSeconds: 0,
  ended: undefined,
}
