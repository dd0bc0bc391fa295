import { z } from '@hono/zod-openapi'
import type { LogEntry, LogQuery } from '../store/log.ts'
import { asOf, EventJson } from './json.ts'
import { eventFilterQuery, Order, Position, SHORT_LISTS, wholeNumber } from './parameters.ts'
import { noSuchStream, respond } from './problem.ts'
import { createRouter, get, jsonText, listOf } from './routes.ts'
import type { Reads } from './routes.ts'
import { StreamParams } from './streams.ts'

const MAX_PAGE = 1_000
const DEFAULT_PAGE = 100
/** Index reads one request may take; a page that ends here is short and still has a nextCursor. */
const MAX_READS = 50

const PagingQuery = {
  after: Position.optional().openapi({
    description: 'exclusive, in the order asked for: the last id seen, or nextCursor',
  }),
  before: Position.optional().openapi({
    description: 'exclusive: where to stop, in the order asked for',
  }),
  order: Order.default('asc'),
  limit: wholeNumber(1, MAX_PAGE).default(DEFAULT_PAGE),
}

const FilterQuery = eventFilterQuery(SHORT_LISTS)
const EventListQuery = z.strictObject({ ...FilterQuery, ...PagingQuery })
const StreamEventsQuery = z.strictObject({ types: FilterQuery.types, ...PagingQuery })

export function eventRoutes({ store }: Reads) {
  const router = createRouter()

  router.openapi(
    get({
      path: '/events',
      summary: 'The event log',
      request: { query: EventListQuery },
      answer: listOf(EventJson),
    }),
    (c) => {
      const { streams = [], users = [], types, ...paging } = c.req.valid('query')
      return page({ streams, users, types }, paging)
    },
  )

  router.openapi(
    get({
      path: '/streams/{id}/events',
      summary: 'The events of one stream',
      request: { params: StreamParams, query: StreamEventsQuery },
      answer: listOf(EventJson),
      problems: { 404: 'neither the stream nor an event of it is known' },
    }),
    (c) => {
      const { id } = c.req.valid('param')
      const { types, ...paging } = c.req.valid('query')
      const filter = { streams: [id], users: [], types }
      const known =
        store.streams.byId(id) !== undefined ||
        store.log.page({ filter: { ...filter, types: undefined }, limit: 1 }).entries.length > 0
      return known ? page(filter, paging) : respond(noSuchStream(id))
    },
  )

  return router

  function page(
    filter: LogQuery['filter'],
    paging: {
      after?: string | undefined
      before?: string | undefined
      order: 'asc' | 'desc'
      limit: number
    },
  ): Response {
    return store.snapshot(() => {
      const { entries, next } = read(filter, paging)
      const data = entries.map((entry) => entry.data).join(',')
      const rest = JSON.stringify({
        nextCursor: next ?? null,
        asOf: asOf(store.coverage.checkpoint()),
      })
      return jsonText(`{"data":[${data}],${rest.slice(1)}`)
    })
  }

  /** Reads on while what was found is less than asked for: rare matches lie behind many others. */
  function read(
    filter: LogQuery['filter'],
    { after, before, order, limit }: Parameters<typeof page>[1],
  ): { entries: LogEntry[]; next: string | undefined } {
    const entries: LogEntry[] = []
    let from = after
    for (let reads = 0; reads < MAX_READS; reads += 1) {
      const bounds = order === 'asc' ? { after: from, before } : { after: before, before: from }
      const found = store.log.page({ filter, ...bounds, order, limit: limit - entries.length })
      entries.push(...found.entries)
      from = found.next
      if (from === undefined || entries.length === limit) break
    }
    return { entries, next: from }
  }
}
