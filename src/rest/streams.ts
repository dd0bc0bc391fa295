import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { isVisible } from '../auth/identity.ts'
import { MAX_LEDGER } from '../domain/cursor.ts'
import { claimable } from '../domain/stream.ts'
import type { Stream } from '../domain/stream.ts'
import { streamJson } from '../domain/stream-json.ts'
import type { ClientEnv } from '../http/client.ts'
import { asOf, StreamJson } from '../http/json.ts'
import { StreamId, WAIT, wholeNumber } from '../http/parameters.ts'
import { noSuchStream, respond } from '../http/problem.ts'
import { createRouter, get, json, oneOf } from '../http/router.ts'
import type { Reads } from '../http/router.ts'
import { streamAt } from './stream-at.ts'

export const StreamParams = z.strictObject({ id: StreamId })

const StreamQuery = z.strictObject({
  ledger: wholeNumber(0, MAX_LEDGER)
    .optional()
    .openapi({ description: 'the stream as it was at the end of this ledger' }),
  ...WAIT,
})

const ClaimableQuery = z.strictObject({
  at: wholeNumber(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .openapi({ description: 'Unix seconds, the future included; default: asOf.ledgerClosedAt' }),
  ...WAIT,
})

const Claimable = z
  .object({ streamId: z.string(), at: z.number().int(), claimableAmount: z.string() })
  .openapi('Claimable')

const oneRoute = get({
  path: '/streams/{id}',
  summary: 'One stream, now or at the end of a ledger',
  request: { params: StreamParams, query: StreamQuery },
  answer: oneOf(StreamJson),
  problems: { 404: 'the stream is unknown, or what it was at that ledger' },
})

const claimableRoute = get({
  path: '/streams/{id}/claimable',
  summary: 'What the recipient could withdraw at a time',
  request: { params: StreamParams, query: ClaimableQuery },
  answer: oneOf(Claimable),
  problems: { 404: 'the stream is unknown' },
})

export function streamRoutes({ store, sliced, decode }: Reads) {
  const router = createRouter()

  router.openapi(oneRoute, (c) => {
    const { id } = c.req.valid('param')
    const { ledger } = c.req.valid('query')
    if (ledger === undefined) {
      return one(c, id, (stream, closedAt) => streamJson(stream, BigInt(closedAt)))
    }
    const wanted = { id, ledger, party: c.get('party'), decode }
    return sliced(
      c,
      store.held.read((view) => streamAt(view, wanted)),
    )
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
