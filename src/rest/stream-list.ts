import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { STREAM_STATUSES } from '../domain/stream.ts'
import { streamJson } from '../domain/stream-json.ts'
import type { HeldView } from '../store/read/held.ts'
import { STREAM_SORTS } from '../store/read/streams.ts'
import type { StreamQuery } from '../store/read/streams.ts'
import type { ClientEnv } from '../http/client.ts'
import { asOf, StreamJson } from '../http/json.ts'
import { Address, Order, streamIds, unlessTwice, WAIT, pageSize } from '../http/parameters.ts'
import { badRequest, respond } from '../http/problem.ts'
import { createRouter, get, json, listOf } from '../http/router.ts'
import type { Reads } from '../http/router.ts'
import { drain, inOneStep } from '../http/sliced.ts'
import { formatKey, parseKey } from './list-key.ts'
import { UserParams } from './users.ts'

const MAX_PAGE = 200
const DEFAULT_PAGE = 50

/** As many as the longest page. */
const MAX_IDS = 200

const FILTERS = {
  streams: streamIds(MAX_IDS),
  sender: Address.optional(),
  recipient: Address.optional(),
  token: Address.optional(),
  status: z
    .enum(STREAM_STATUSES, {
      error: unlessTwice(`a status is one of ${STREAM_STATUSES.join(', ')}`),
    })
    .optional(),
  sort: z
    .enum(STREAM_SORTS, { error: unlessTwice(`a sort is one of ${STREAM_SORTS.join(', ')}`) })
    .default('created')
    .openapi({ description: 'numeric; a missing end time counts as later than any other' }),
  order: Order.default('asc'),
  limit: pageSize(MAX_PAGE, DEFAULT_PAGE),
  cursor: z.string().optional().openapi({ description: 'nextCursor of the previous page' }),
  ...WAIT,
}

const StreamListQuery = z.strictObject({
  user: Address.optional().openapi({ description: 'sender or recipient' }),
  ...FILTERS,
})

const BAD_KEY =
  'is not the nextCursor of a page with this sort and order; leave it out to start over'

const listRoute = get({
  path: '/streams',
  summary: 'Streams, by any filter and sort',
  request: { query: StreamListQuery },
  answer: listOf(StreamJson),
})

const userRoute = get({
  path: '/users/{address}/streams',
  summary: 'The streams that an address sends or receives, by any filter and sort',
  request: { params: UserParams, query: z.strictObject(FILTERS) },
  answer: listOf(StreamJson),
})

export function streamListRoutes({ store, sliced }: Reads) {
  const router = createRouter()
  router.openapi(listRoute, (c) => answer(c, c.req.valid('query')))
  router.openapi(userRoute, (c) => {
    return answer(c, { ...c.req.valid('query'), user: c.req.valid('param').address })
  })
  return router

  function answer(c: Context<ClientEnv>, { cursor, ...query }: z.infer<typeof StreamListQuery>) {
    const after = cursor === undefined ? undefined : parseKey(cursor, query)
    if (cursor !== undefined && after === undefined) {
      return respond(badRequest([{ parameter: 'cursor', detail: BAD_KEY }]))
    }
    const wanted = { ...query, party: c.get('party'), after }
    return sliced(
      c,
      isShort(wanted)
        ? inOneStep(() => store.snapshot(() => drain(list(store, wanted))))
        : store.held.read((view) => list(view, wanted)),
    )
  }
}

/** One filter has an index. With a second one, a page may walk past all that the first finds. */
function isShort({ streams, sender, recipient, user, token, party }: StreamQuery): boolean {
  const filters = [sender, recipient, user, token, party].filter((given) => given !== undefined)
  return streams !== undefined || filters.length <= 1
}

function* list(
  { streams, coverage }: Pick<HeldView, 'streams' | 'coverage'>,
  query: StreamQuery,
): Generator<void, Response> {
  const checkpoint = coverage.checkpoint()
  const time = BigInt(checkpoint?.ledgerClosedAt ?? 0)
  const page = yield* streams.list(query)
  return json({
    data: page.streams.map((stream) => streamJson(stream, time)),
    nextCursor: page.next === undefined ? null : formatKey(page.next, query),
    asOf: asOf(checkpoint),
  })
}
