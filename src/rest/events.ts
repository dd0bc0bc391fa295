import { z } from '@hono/zod-openapi'
import { isVisible, narrow, partyOf } from '../auth/identity.ts'
import type { Identity } from '../auth/identity.ts'
import { EventJson } from '../http/event-shapes.ts'
import { eventFilterQuery, SHORT_LISTS } from '../http/parameters.ts'
import { noSuchStream, respond } from '../http/problem.ts'
import { createRouter, get, listOf } from '../http/router.ts'
import type { Reads } from '../http/router.ts'
import { rangeQuery } from './event-range.ts'
import { createLogAnswers, EXPORTS, LOG_PATH } from './log-answers.ts'
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
  path: LOG_PATH,
  summary: 'The event log',
  request: { query: EventListQuery },
  answer: listOf(EventJson),
  exports: EXPORTS,
})

const streamRoute = get({
  path: '/streams/{id}/events',
  summary: 'The events of one stream',
  request: { params: StreamParams, query: ShortListQuery },
  answer: listOf(EventJson),
  exports: EXPORTS,
  problems: { 404: 'the stream is unknown, and so are its events' },
})

const userRoute = get({
  path: '/users/{address}/events',
  summary: 'The events of the streams that an address sends or receives',
  request: { params: UserParams, query: ShortListQuery },
  answer: listOf(EventJson),
  exports: EXPORTS,
})

export function eventRoutes(reads: Reads) {
  const { store } = reads
  const answer = createLogAnswers(reads)
  const router = createRouter()

  router.openapi(logRoute, (c) => {
    const { streams = [], users = [], types, ...query } = c.req.valid('query')
    const filter = narrow({ streams, users, types }, c.get('identity'))
    return answer(c, filter, { ...query, defaultLimit: LOG_PAGE })
  })

  router.openapi(streamRoute, (c) => {
    const { id } = c.req.valid('param')
    const { types, ...query } = c.req.valid('query')
    const identity = c.get('identity')
    if (!isKnown(id, identity)) return respond(noSuchStream(id))
    const filter = narrow({ streams: [id], users: [], types }, identity)
    return answer(c, filter, { ...query, defaultLimit: SHORT_PAGE })
  })

  router.openapi(userRoute, (c) => {
    const { types, ...query } = c.req.valid('query')
    const concerned = { streams: [], users: [c.req.valid('param').address], types }
    const filter = narrow(concerned, c.get('identity'))
    return answer(c, filter, { ...query, defaultLimit: SHORT_PAGE })
  })

  return router

  function isKnown(id: string, identity: Identity): boolean {
    const stream = store.streams.byId(id)
    if (stream !== undefined) return isVisible(stream, partyOf(identity))
    const filter = narrow({ streams: [id], users: [], types: undefined }, identity)
    return store.log.page({ filter, limit: 1 }).entries.length > 0
  }
}
