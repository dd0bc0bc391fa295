import { z } from '@hono/zod-openapi'
import { isVisible, narrow, partyOf } from '../../auth/identity.ts'
import type { Identity } from '../../auth/identity.ts'
import { ORIGIN } from '../../domain/cursor.ts'
import type { LogQuery } from '../../store/read/log.ts'
import { EventJson } from '../event-shapes.ts'
import { asOf } from '../json.ts'
import { eventFilterQuery, Order, Position, SHORT_LISTS, wholeNumber } from '../parameters.ts'
import { noSuchStream, respond } from '../problem.ts'
import { createRouter, get, jsonText, listOf } from '../router.ts'
import type { Reads } from '../router.ts'
import { StreamParams } from './streams.ts'

const MAX_PAGE = 1_000
const DEFAULT_PAGE = 100

const PagingQuery = {
  after: Position.optional().openapi({
    description: 'exclusive: the last id of the previous page, or nextCursor',
  }),
  before: Position.optional().openapi({
    description: 'exclusive: where to stop',
  }),
  order: Order.default('asc'),
  limit: wholeNumber(1, MAX_PAGE).default(DEFAULT_PAGE),
}

const FilterQuery = eventFilterQuery(SHORT_LISTS)
const EventListQuery = z.strictObject({ ...FilterQuery, ...PagingQuery })
const StreamEventsQuery = z.strictObject({ types: FilterQuery.types, ...PagingQuery })

const logRoute = get({
  path: '/events',
  summary: 'The event log',
  request: { query: EventListQuery },
  answer: listOf(EventJson),
})

const streamRoute = get({
  path: '/streams/{id}/events',
  summary: 'The events of one stream',
  request: { params: StreamParams, query: StreamEventsQuery },
  answer: listOf(EventJson),
  problems: { 404: 'the stream is unknown, and so are its events' },
})

export function eventRoutes({ store, sliced }: Reads) {
  const router = createRouter()

  router.openapi(logRoute, (c) => {
    const { streams = [], users = [], types, ...paging } = c.req.valid('query')
    return sliced(c, page(narrow({ streams, users, types }, c.get('identity')), paging))
  })

  router.openapi(streamRoute, (c) => {
    const { id } = c.req.valid('param')
    const { types, ...paging } = c.req.valid('query')
    const identity = c.get('identity')
    if (!isKnown(id, identity)) return respond(noSuchStream(id))
    return sliced(c, page(narrow({ streams: [id], users: [], types }, identity), paging))
  })

  return router

  function isKnown(id: string, identity: Identity): boolean {
    const stream = store.streams.byId(id)
    if (stream !== undefined) return isVisible(stream, partyOf(identity))
    const filter = narrow({ streams: [id], users: [], types: undefined }, identity)
    return store.log.page({ filter, limit: 1 }).entries.length > 0
  }

  /** A page of the log up to one checkpoint: the log before it does not change while we read. */
  function* page(
    filter: LogQuery['filter'],
    { after, before, order, limit }: Paging,
  ): Generator<void, Response> {
    const checkpoint = store.coverage.checkpoint()
    const bounds = order === 'asc' ? { after, before } : { after: before, before: after }
    const query = { filter, ...bounds, order, limit, through: checkpoint?.cursor ?? ORIGIN }
    const { entries, next } = yield* store.log.scan(query)
    const data = entries.map((entry) => entry.data).join(',')
    const rest = JSON.stringify({ nextCursor: next ?? null, asOf: asOf(checkpoint) })
    return jsonText(`{"data":[${data}],${rest.slice(1)}`)
  }
}

interface Paging {
  after?: string | undefined
  before?: string | undefined
  order: 'asc' | 'desc'
  limit: number
}
