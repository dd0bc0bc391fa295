import { z } from '@hono/zod-openapi'
import { isVisible, narrow, partyOf } from '../../auth/identity.ts'
import type { Identity } from '../../auth/identity.ts'
import { ORIGIN } from '../../domain/cursor.ts'
import type { EventFilter } from '../../domain/filter.ts'
import { EventJson } from '../event-shapes.ts'
import { asOf } from '../json.ts'
import { eventFilterQuery, SHORT_LISTS } from '../parameters.ts'
import { noSuchStream, respond } from '../problem.ts'
import { createRouter, get, jsonText, listOf } from '../router.ts'
import type { Reads } from '../router.ts'
import { rangeOf, rangeQuery } from './event-range.ts'
import type { RangeQuery } from './event-range.ts'
import { StreamParams } from './streams.ts'
import { UserParams } from './users.ts'

/** Elsewhere a page is shorter: few ask for all events of one stream or user. */
const LOG_PAGE = 100
const SHORT_PAGE = 50

const FilterQuery = eventFilterQuery(SHORT_LISTS)
const EventListQuery = z.strictObject({
  ...FilterQuery,
  ...rangeQuery({ defaultLimit: LOG_PAGE }),
})
const ShortListQuery = z.strictObject({
  types: FilterQuery.types,
  ...rangeQuery({ defaultLimit: SHORT_PAGE }),
})

const logRoute = get({
  path: '/events',
  summary: 'The event log',
  request: { query: EventListQuery },
  answer: listOf(EventJson),
})

const streamRoute = get({
  path: '/streams/{id}/events',
  summary: 'The events of one stream',
  request: { params: StreamParams, query: ShortListQuery },
  answer: listOf(EventJson),
  problems: { 404: 'the stream is unknown, and so are its events' },
})

const userRoute = get({
  path: '/users/{address}/events',
  summary: 'The events of the streams that an address sends or receives',
  request: { params: UserParams, query: ShortListQuery },
  answer: listOf(EventJson),
})

export function eventRoutes({ store, sliced }: Reads) {
  const router = createRouter()

  router.openapi(logRoute, (c) => {
    const { streams = [], users = [], types, ...range } = c.req.valid('query')
    return sliced(c, page(narrow({ streams, users, types }, c.get('identity')), range))
  })

  router.openapi(streamRoute, (c) => {
    const { id } = c.req.valid('param')
    const { types, ...range } = c.req.valid('query')
    const identity = c.get('identity')
    if (!isKnown(id, identity)) return respond(noSuchStream(id))
    return sliced(c, page(narrow({ streams: [id], users: [], types }, identity), range))
  })

  router.openapi(userRoute, (c) => {
    const { types, ...range } = c.req.valid('query')
    const filter = { streams: [], users: [c.req.valid('param').address], types }
    return sliced(c, page(narrow(filter, c.get('identity')), range))
  })

  return router

  function isKnown(id: string, identity: Identity): boolean {
    const stream = store.streams.byId(id)
    if (stream !== undefined) return isVisible(stream, partyOf(identity))
    const filter = narrow({ streams: [id], users: [], types: undefined }, identity)
    return store.log.page({ filter, limit: 1 }).entries.length > 0
  }

  function* page(filter: EventFilter, query: RangeQuery): Generator<void, Response> {
    const checkpoint = store.coverage.checkpoint()
    const range = rangeOf(store, query, checkpoint?.cursor ?? ORIGIN)
    const { entries, next } = yield* store.log.scan({ filter, ...range })
    const data = entries.map((entry) => entry.data).join(',')
    const rest = JSON.stringify({ nextCursor: next ?? null, asOf: asOf(checkpoint) })
    return jsonText(`{"data":[${data}],${rest.slice(1)}`)
  }
}
