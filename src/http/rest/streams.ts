import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { isVisible } from '../../auth/identity.ts'
import { claimable, STREAM_STATUSES } from '../../domain/stream.ts'
import type { Stream } from '../../domain/stream.ts'
import type { HeldView } from '../../store/read/held.ts'
import { STREAM_SORTS } from '../../store/read/streams.ts'
import type { StreamQuery } from '../../store/read/streams.ts'
import type { ClientEnv } from '../client.ts'
import { asOf, StreamJson, streamJson } from '../json.ts'
import { Address, Order, StreamId, unlessTwice, WAIT, wholeNumber } from '../parameters.ts'
import { badRequest, noSuchStream, respond } from '../problem.ts'
import { createRouter, get, json, listOf, oneOf } from '../router.ts'
import type { Reads } from '../router.ts'
import { drain, inOneStep } from '../sliced.ts'
import { formatKey, parseKey } from './list-key.ts'

const MAX_PAGE = 200
const DEFAULT_PAGE = 50

const StreamListQuery = z.strictObject({
  sender: Address.optional(),
  recipient: Address.optional(),
  user: Address.optional().openapi({ description: 'sender or recipient' }),
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
  limit: wholeNumber(1, MAX_PAGE).default(DEFAULT_PAGE),
  cursor: z.string().optional().openapi({ description: 'nextCursor of the previous page' }),
  ...WAIT,
})

export const StreamParams = z.strictObject({ id: StreamId })

const BAD_KEY =
  'is not the nextCursor of a page with this sort and order; leave it out to start over'

const ClaimableQuery = z.strictObject({
  at: wholeNumber(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .openapi({ description: 'Unix seconds, the future included; default: asOf.ledgerClosedAt' }),
  ...WAIT,
})

const Claimable = z
  .object({ streamId: z.string(), at: z.number().int(), claimableAmount: z.string() })
  .openapi('Claimable')

const listRoute = get({
  path: '/streams',
  summary: 'Streams, by any filter and sort',
  request: { query: StreamListQuery },
  answer: listOf(StreamJson),
})

const oneRoute = get({
  path: '/streams/{id}',
  summary: 'One stream',
  request: { params: StreamParams, query: z.strictObject(WAIT) },
  answer: oneOf(StreamJson),
  problems: { 404: 'the stream is unknown' },
})

const claimableRoute = get({
  path: '/streams/{id}/claimable',
  summary: 'What the recipient could withdraw at a time',
  request: { params: StreamParams, query: ClaimableQuery },
  answer: oneOf(Claimable),
  problems: { 404: 'the stream is unknown' },
})

export function streamRoutes({ store, sliced }: Reads) {
  const router = createRouter()

  router.openapi(listRoute, (c) => {
    const { cursor, ...query } = c.req.valid('query')
    const after = cursor === undefined ? undefined : parseKey(cursor, query)
    if (cursor !== undefined && after === undefined) {
      return respond(badRequest([{ parameter: 'cursor', detail: BAD_KEY }]))
    }
    // One filter has an index. With a second one, a page may walk past all that the first finds.
    const { sender, recipient, user, token } = query
    const party = c.get('party')
    const filters = [sender, recipient, user, token, party].filter((given) => given !== undefined)
    const wanted = { ...query, party, after }
    return sliced(
      c,
      filters.length > 1
        ? store.held.read((view) => list(view, wanted))
        : inOneStep(() => store.snapshot(() => drain(list(store, wanted)))),
    )
  })

  router.openapi(oneRoute, (c) => {
    const { id } = c.req.valid('param')
    return one(c, id, (stream, closedAt) => streamJson(stream, BigInt(closedAt)))
  })

  router.openapi(claimableRoute, (c) => {
    const { id } = c.req.valid('param')
    return one(c, id, (stream, closedAt) => {
      const { at = closedAt } = c.req.valid('query')
      return { streamId: id, at, claimableAmount: claimable(stream, BigInt(at)).toString() }
    })
  })

  return router

  /** `closedAt`: when the ledger of the checkpoint closed, Unix seconds. */
  function one(
    c: Context<ClientEnv>,
    id: string,
    data: (stream: Stream, closedAt: number) => object,
  ): Response {
    return store.snapshot(() => {
      const stream = store.streams.byId(id)
      if (stream === undefined || !isVisible(stream, c.get('party'))) {
        return respond(noSuchStream(id))
      }
      const checkpoint = store.coverage.checkpoint()
      return json({ data: data(stream, checkpoint?.ledgerClosedAt ?? 0), asOf: asOf(checkpoint) })
    })
  }
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
