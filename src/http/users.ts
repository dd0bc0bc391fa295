import { z } from '@hono/zod-openapi'
import { claimable, STREAM_STATUSES, statusOf } from '../domain/stream.ts'
import type { Stream } from '../domain/stream.ts'
import { asOf } from './json.ts'
import { Address } from './parameters.ts'
import { createRouter, get, json, oneOf } from './routes.ts'
import type { Reads } from './routes.ts'

const Side = z
  .object({
    streams: z.number().int(),
    active: z.number().int(),
    paused: z.number().int(),
    cancelled: z.number().int(),
    completed: z.number().int(),
    depositedAmount: z.string(),
    withdrawnAmount: z.string(),
    claimableAmount: z.string(),
  })
  .openapi('SummarySide')

const Summary = z
  .object({
    address: z.string(),
    tokens: z.array(
      z.object({
        tokenAddress: z.string(),
        incoming: Side.openapi({ description: 'streams that pay the address' }),
        outgoing: Side.openapi({ description: 'streams that the address pays' }),
      }),
    ),
  })
  .openapi('UserSummary')

export function userRoutes({ store }: Reads) {
  const router = createRouter()
  router.openapi(
    get({
      path: '/users/{address}/summary',
      summary: 'What an address pays and is paid, per token',
      request: { params: z.strictObject({ address: Address }), query: z.strictObject({}) },
      answer: oneOf(Summary),
    }),
    (c) => {
      const { address } = c.req.valid('param')
      return store.snapshot(() => {
        const checkpoint = store.coverage.checkpoint()
        const time = BigInt(checkpoint?.ledgerClosedAt ?? 0)
        const byToken = Map.groupBy(store.streams.ofUser(address), (stream) => stream.tokenAddress)
        const tokens = [...byToken].map(([tokenAddress, streams]) => ({
          tokenAddress,
          incoming: sum(
            streams.filter((stream) => stream.recipient === address),
            time,
          ),
          outgoing: sum(
            streams.filter((stream) => stream.sender === address),
            time,
          ),
        }))
        return json({ data: { address, tokens }, asOf: asOf(checkpoint) })
      })
    },
  )
  return router
}

function sum(streams: readonly Stream[], time: bigint): z.infer<typeof Side> {
  const total = (amount: (stream: Stream) => bigint) =>
    streams.reduce((sofar, stream) => sofar + amount(stream), 0n).toString()
  const counts = Object.fromEntries(
    STREAM_STATUSES.map((status) => [
      status,
      streams.filter((stream) => statusOf(stream) === status).length,
    ]),
  ) as Record<(typeof STREAM_STATUSES)[number], number>
  return {
    streams: streams.length,
    ...counts,
    depositedAmount: total((stream) => stream.depositedAmount),
    withdrawnAmount: total((stream) => stream.withdrawnAmount),
    claimableAmount: total((stream) => claimable(stream, time)),
  }
}
