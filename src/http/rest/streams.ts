import { z } from '@hono/zod-openapi'
import { STREAM_STATUSES, claimable } from '../../domain/stream.ts'
import type { HeldView } from '../../store/read/held.ts'
import { STREAM_SORTS } from '../../store/read/streams.ts'
import type { StreamKey, StreamQuery } from '../../store/read/streams.ts'
import { asOf, StreamJson, streamJson } from '../json.ts'
import { Address, Order, StreamId, unlessTwice, wholeNumber } from '../parameters.ts'
import { badRequest, noSuchStream, respond } from '../problem.ts'
import { createRouter, get, json, listOf, oneOf } from '../router.ts'
import type { Reads } from '../router.ts'

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
    .openapi({ description: 'numeric; a stream without an end time counts as endless' }),
  order: Order.default('asc'),
  limit: wholeNumber(1, MAX_PAGE).default(DEFAULT_PAGE),
  cursor: z.string().optional().openapi({ description: 'nextCursor of the page before' }),
})

export const StreamParams = z.strictObject({ id: StreamId })

const ClaimableQuery = z.strictObject({
  at: wholeNumber(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .openapi({ description: 'Unix seconds, the future included; default: asOf.ledgerClosedAt' }),
})

const Claimable = z
  .object({ streamId: z.string(), at: z.number().int(), claimableAmount: z.string() })
  .openapi('Claimable')

export function streamRoutes({ store, sliced }: Reads) {
  const router = createRouter()
  const { streams, coverage } = store
  const noStream = { 404: 'no such stream is known' }

  router.openapi(
    get({
      path: '/streams',
      summary: 'Streams, by any filter and sort',
      request: { query: StreamListQuery },
      answer: listOf(StreamJson),
    }),
    (c) => {
      const { cursor, ...query } = c.req.valid('query')
      const after = cursor === undefined ? undefined : parseKey(cursor, query)
      if (after === null) return respond(badRequest([{ parameter: 'cursor', detail: BAD_KEY }]))
      const asked = { ...query, after }
      // One filter has an index; a second one may have to walk past all that the first one finds.
      const { sender, recipient, user, token } = query
      const filters = [sender, recipient, user, token].filter((given) => given !== undefined)
      return sliced(
        c,
        filters.length > 1
          ? store.held.read((view) => list(view, asked))
          : inOneStep(() => store.snapshot(() => drain(list(store, asked)))),
      )
    },
  )

  router.openapi(
    get({
      path: '/streams/{id}',
      summary: 'One stream',
      request: { params: StreamParams, query: z.strictObject({}) },
      answer: oneOf(StreamJson),
      problems: noStream,
    }),
    (c) => {
      const { id } = c.req.valid('param')
      return store.snapshot(() => {
        const stream = streams.byId(id)
        if (stream === undefined) return respond(noSuchStream(id))
        const checkpoint = coverage.checkpoint()
        const time = BigInt(checkpoint?.ledgerClosedAt ?? 0)
        return json({ data: streamJson(stream, time), asOf: asOf(checkpoint) })
      })
    },
  )

  router.openapi(
    get({
      path: '/streams/{id}/claimable',
      summary: 'What the recipient could withdraw at a time',
      request: { params: StreamParams, query: ClaimableQuery },
      answer: oneOf(Claimable),
      problems: noStream,
    }),
    (c) => {
      const { id } = c.req.valid('param')
      return store.snapshot(() => {
        const stream = streams.byId(id)
        if (stream === undefined) return respond(noSuchStream(id))
        const checkpoint = coverage.checkpoint()
        const at = c.req.valid('query').at ?? checkpoint?.ledgerClosedAt ?? 0
        const claimableAmount = claimable(stream, BigInt(at)).toString()
        return json({ data: { streamId: id, at, claimableAmount }, asOf: asOf(checkpoint) })
      })
    },
  )

  return router
}

function* list({ streams, coverage }: HeldView, query: StreamQuery): Generator<void, Response> {
  const checkpoint = coverage.checkpoint()
  const time = BigInt(checkpoint?.ledgerClosedAt ?? 0)
  const page = yield* streams.list(query)
  return json({
    data: page.streams.map((stream) => streamJson(stream, time)),
    nextCursor: page.next === undefined ? null : formatKey(page.next, query),
    asOf: asOf(checkpoint),
  })
}

/** Work that is short, but not so short that any number of requests may do it at once. */
function* inOneStep<T>(work: () => T): Generator<void, T> {
  yield
  return work()
}

function drain<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

const BAD_KEY =
  'is not the nextCursor of a page with this sort and order; leave it out to start over'

const Key = z.tuple([
  z.enum(STREAM_SORTS),
  Order,
  z.union([z.string().max(40), z.number().int()]),
  z.string().regex(/^\d{20}$/),
])

/** Opaque to the caller; holds sort and order so that it cannot be used under others. */
function formatKey(
  { value, created }: StreamKey,
  { sort, order }: Pick<StreamQuery, 'sort' | 'order'>,
) {
  return Buffer.from(JSON.stringify([sort, order, value, created])).toString('base64url')
}

function parseKey(text: string, query: Pick<StreamQuery, 'sort' | 'order'>): StreamKey | null {
  const parsed = Key.safeParse(parseJson(Buffer.from(text, 'base64url').toString()))
  if (!parsed.success) return null
  const [sort, order, value, created] = parsed.data
  const fits = sort === query.sort && order === query.order
  return fits && typeof value === (sort === 'updated' ? 'number' : 'string')
    ? { value, created }
    : null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
