import { z } from '@hono/zod-openapi'
import { parseCursor } from '../domain/cursor.ts'
import type { EventFilter } from '../domain/filter.ts'
import type { Stream } from '../domain/stream.ts'
import { createRouter, json } from '../http/router.ts'
import { EVENT_NAMES, typeNamed, V1Event, V1_TYPES } from './event.ts'
import { createEventPages } from './event-page.ts'
import type { Page } from './event-page.ts'
import { pastOf } from './past.ts'
import type { Query } from './query.ts'
import { refuse } from './refusals.ts'
import { Size, Text, v1Get, visible } from './route.ts'
import type { V1Reads } from './route.ts'
import { badStreamId, streamIdOf } from './streams.ts'
import { V1Stream, v1Stream } from './stream.ts'
import { keyOf, badKey } from './key.ts'

/** Lists of events, by offset and with the total, as FlowFi's clients ask for them. */

const PAGE = { fallback: 50, most: 200 }
const EVENT_OF_STREAM = V1_TYPES.filter((type) => type.startsWith('stream.'))
const EVENT_OF_CONTRACT = V1_TYPES.filter((type) => type.startsWith('protocol.'))

const Total = z.number().int()
const HasMore = z.boolean()
const History = z
  .object({
    data: z.array(V1Event),
    events: z.array(V1Event).openapi({ description: 'the same' }),
    total: Total,
    hasMore: HasMore,
  })
  .openapi('V1History')
const Activity = z
  .object({
    events: z.array(V1Event),
    total: Total,
    limit: z.number().int(),
    offset: z.number().int(),
    hasMore: HasMore,
  })
  .openapi('V1Activity')
const UserEvents = z
  .object({
    data: z.array(z.object({ ...V1Event.shape, stream: V1Stream })),
    total: Total,
    hasMore: HasMore,
    limit: z.number().int(),
    offset: z.number().int(),
  })
  .openapi('V1UserEvents')

export function historyRoutes(reads: V1Reads) {
  const router = createRouter()
  addStreamHistory(router, reads)
  addActivity(router, reads)
  addUserEvents(router, reads)
  return router
}

type Router = ReturnType<typeof createRouter>

function addStreamHistory(router: Router, { store, sliced, read }: V1Reads): void {
  const { find, show } = createEventPages({ log: store.log, read })
  function* history(filter: EventFilter, page: Page): Generator<void, Response> {
    const { events, total } = yield* find(filter, page)
    const { offset, limit, after } = page
    const hasMore = after === undefined ? offset + events.length < total : events.length === limit
    const data = yield* show(events)
    return json({ data, events: data, total, hasMore })
  }

  v1Get(
    router,
    {
      path: '/streams/{id}/events',
      summary: 'The events of a stream',
      query: {
        limit: Size,
        offset: Size,
        page: Size,
        order: Text,
        cursor: Text.openapi({ description: 'the id of an event: what comes after it' }),
        eventType: Text.openapi({ enum: [...EVENT_NAMES] }),
      },
      answer: History,
    },
    (c, query) => {
      const id = streamIdOf(c.req.param('id'))
      if (id === undefined) return badStreamId()
      const name = query.text('eventType') ?? ''
      const type = typeNamed(name)
      if (name !== '' && type === undefined) {
        const message = `eventType must be one of: ${EVENT_NAMES.join(', ')}`
        return refuse(400, 'Invalid eventType parameter', message)
      }
      const page = historyPage(query)
      if (page === undefined) {
        return refuse(400, 'Invalid cursor parameter', 'cursor must be the id of an event')
      }
      const wanted = (types: readonly string[]) => types.filter((each) => !type || each === type)
      const ofStream = visible(c, { streams: [id], types: wanted(EVENT_OF_STREAM) })
      // Events of the whole contract have the number 0, which no stream has.
      const isOfContract = id === '0' && c.get('party') === undefined
      const ofContract = visible(c, { types: wanted(EVENT_OF_CONTRACT) })
      return sliced(c, history(isOfContract ? ofContract : ofStream, page))
    },
  )
}

function addActivity(router: Router, { store, sliced, read }: V1Reads): void {
  const { find, show } = createEventPages({ log: store.log, read })
  function* activity(filter: EventFilter, page: Page): Generator<void, Response> {
    const { events: found, total } = yield* find(filter, page)
    const { limit, offset } = page
    const events = yield* show(found)
    return json({ events, total, limit, offset, hasMore: offset + events.length < total })
  }

  v1Get(
    router,
    {
      path: '/events',
      summary: 'The events of an address',
      query: {
        address: Text,
        limit: Size,
        offset: Size,
        page: Size,
        type: Text.openapi({ description: `comma-separated: ${EVENT_NAMES.join(', ')}` }),
      },
      answer: Activity,
      problems: { 403: 'the address is not that of the token' },
    },
    (c, query) => {
      const address = query.text('address')?.trim() ?? ''
      if (address === '') return refuse(400, 'address query parameter is required')
      const party = c.get('party')
      if (party !== undefined && party !== address) {
        return refuse(403, 'Forbidden', 'You can only read your own events')
      }
      const types = typesIn(query.text('type') ?? '')
      if (types === undefined) return refuse(400, 'No valid event types in `type` filter')
      const limit = query.size('limit', PAGE)
      const offset = query.whole('offset') ?? pageOf(query) * limit
      const page: Page = { order: 'desc', limit, offset }
      return sliced(c, activity(visible(c, { users: [address], types }), page))
    },
  )
}

function addUserEvents(router: Router, { store, sliced, read }: V1Reads): void {
  const from = { log: store.log, read }
  const { find, show } = createEventPages(from)
  function* eventsOf(filter: EventFilter, page: Page): Generator<void, Response> {
    const { events, total } = yield* find(filter, page)
    const ids = [...new Set(events.map(({ streamId }) => streamId))]
    const streams = ids.flatMap((id): Stream[] => {
      const stream = store.streams.byId(id)
      return stream === undefined ? [] : [stream]
    })
    const pasts = yield* pastOf(from, streams)
    const byId = new Map(streams.map((each) => [each.streamId.toString(), v1Stream(each, pasts)]))
    const shown = yield* show(events)
    const data = shown.map((event) => ({ ...event, stream: byId.get(String(event.streamId)) }))
    const { limit, offset } = page
    return json({ data, total, hasMore: offset + data.length < total, limit, offset })
  }

  v1Get(
    router,
    {
      path: '/users/{key}/events',
      summary: 'The events of an address, with their streams',
      query: { limit: Size, offset: Size },
      answer: UserEvents,
    },
    (c, query) => {
      const key = keyOf(c.req.param('key'))
      if (key === undefined) return badKey()
      const page: Page = {
        order: 'desc',
        limit: query.size('limit', PAGE),
        offset: query.whole('offset') ?? 0,
      }
      return sliced(c, eventsOf(visible(c, { users: [key], types: EVENT_OF_STREAM }), page))
    },
  )
}

/** Undefined if the cursor is not an event's id. */
function historyPage(query: Query): Page | undefined {
  const limit = query.size('limit', PAGE)
  const order = query.text('order') === 'asc' ? 'asc' : 'desc'
  const after = query.text('cursor')
  if (after !== undefined && after !== '') {
    return parseCursor(after) === undefined ? undefined : { order, limit, offset: 0, after }
  }
  const offset = query.text('offset') === undefined ? pageOf(query) * limit : query.whole('offset')
  return { order, limit, offset: offset ?? 0 }
}

/** The number of pages before the one asked for. */
function pageOf(query: Query): number {
  return Math.max(0, (query.whole('page') ?? 1) - 1)
}

/** All types if there is no filter; undefined if none of the names is known. */
function typesIn(text: string): readonly string[] | undefined {
  if (text.trim() === '') return EVENT_OF_STREAM
  const types = text.split(',').flatMap((name) => typeNamed(name.trim().toUpperCase()) ?? [])
  return types.length === 0 ? undefined : [...new Set(types)]
}
