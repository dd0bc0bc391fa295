import type { Cursor } from '../domain/cursor.ts'
import type { EventFilter } from '../domain/filter.ts'
import type { Log } from '../store/read/log.ts'
import { v1Event } from './event.ts'
import type { Logged, ReadEvent } from './event.ts'
import { collect, eventsWith, idsOf } from './past.ts'

/** Pages of events by offset, with the total, as FlowFi's clients ask for them. */
export interface Page {
  order: 'asc' | 'desc'
  limit: number
  offset: number
  /** Instead of an offset: the event before the page. */
  after?: Cursor | undefined
}

interface Found {
  events: Logged[]
  total: number
}

export function createEventPages(from: { log: Log; read: ReadEvent }) {
  const { log } = from

  /** All matches are counted, and those of the page are read. */
  function* find(filter: EventFilter, page: Page): Generator<void, Found> {
    const { order, limit, offset, after } = page
    const ids: Cursor[] = []
    let total = 0
    let passed = 0
    const isAfter = (id: Cursor) =>
      after === undefined || (order === 'asc' ? id > after : id < after)
    for (const batch of log.walk({ filter, order })) {
      total += batch.length
      for (const id of ids.length < limit ? batch : []) {
        if (!isAfter(id)) continue
        passed += 1
        if (passed > offset && ids.length < limit) ids.push(id)
      }
      yield
    }
    return { events: yield* eventsWith(from, ids), total }
  }

  /** The events as they are shown. How long a pause was is known from the one that began it. */
  function* show(events: readonly Logged[]) {
    const resumed = events.filter(({ type }) => type === 'stream.resumed')
    const streams = [...new Set(resumed.map(({ streamId }) => streamId))]
    const types = ['stream.paused', 'stream.resumed']
    const ids =
      streams.length === 0 ? [] : yield* idsOf(log, { filter: { streams, users: [], types } })
    const { pauses } = collect(yield* eventsWith(from, ids))
    return events.map((event) => v1Event(event, pauses))
  }

  return { find, show }
}
