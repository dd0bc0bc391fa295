import { z } from '@hono/zod-openapi'
import type { StreamStatus } from '../domain/stream.ts'
import type { HeldView } from '../store/read/held.ts'
import type { Total } from '../store/read/totals.ts'
import { asOf } from '../http/json.ts'
import { Address, WAIT } from '../http/parameters.ts'
import { createRouter, get, json, oneOf } from '../http/router.ts'
import type { Reads } from '../http/router.ts'

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
        incoming: Side.openapi({ description: 'streams to the address' }),
        outgoing: Side.openapi({ description: 'streams from the address' }),
      }),
    ),
  })
  .openapi('UserSummary')

export const UserParams = z.strictObject({ address: Address })

const summaryRoute = get({
  path: '/users/{address}/summary',
  summary: 'What an address pays and receives, per token',
  request: { params: UserParams, query: z.strictObject(WAIT) },
  answer: oneOf(Summary),
})

export function userRoutes({ store, sliced }: Reads) {
  const router = createRouter()
  router.openapi(summaryRoute, (c) => {
    const { address } = c.req.valid('param')
    return sliced(
      c,
      store.held.read((view) => summary(view, address, c.get('party'))),
    )
  })
  return router
}

function* summary(
  { coverage, streams }: HeldView,
  address: string,
  party: string | undefined,
): Generator<void, Response> {
  const checkpoint = coverage.checkpoint()
  const time = checkpoint?.ledgerClosedAt ?? 0
  const isWhole = party === undefined || party === address
  const { totals: all, claimable } = isWhole
    ? { totals: streams.totals(address), claimable: yield* streams.claimable(address, time) }
    : yield* streams.between(address, party, time)
  const byToken = Map.groupBy(all, (total) => total.tokenAddress)
  const tokens = [...byToken].map(([tokenAddress, totals]) => {
    const side = (name: Total['side']) =>
      sideJson(
        totals.filter((total) => total.side === name),
        claimable[name].get(tokenAddress) ?? 0n,
      )
    return { tokenAddress, incoming: side('recipient'), outgoing: side('sender') }
  })
  return json({ data: { address, tokens }, asOf: asOf(checkpoint) })
}

function sideJson(totals: readonly Total[], claimable: bigint): z.infer<typeof Side> {
  const count = (status: StreamStatus) =>
    totals.find((total) => total.status === status)?.streams ?? 0
  const sumOf = (amount: 'depositedAmount' | 'withdrawnAmount') =>
    totals.reduce((sum, total) => sum + total[amount], 0n).toString()
  return {
    streams: totals.reduce((sum, { streams }) => sum + streams, 0),
    active: count('active'),
    paused: count('paused'),
    cancelled: count('cancelled'),
    completed: count('completed'),
    depositedAmount: sumOf('depositedAmount'),
    withdrawnAmount: sumOf('withdrawnAmount'),
    claimableAmount: claimable.toString(),
  }
}
