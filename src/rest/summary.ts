import { z } from '@hono/zod-openapi'
import type { HeldView } from '../store/read/held.ts'
import type { TokenSums } from '../store/read/overall.ts'
import { asOf } from '../http/json.ts'
import type { AsOf } from '../http/json.ts'
import { WAIT_FOR_LEDGER } from '../http/parameters.ts'
import { createRouter, get, json, oneOf } from '../http/router.ts'
import type { Reads } from '../http/router.ts'

/** Amounts of different tokens are never added up. */
const TokenSummary = z
  .object({
    tokenAddress: z.string(),
    streams: z.number().int(),
    active: z.number().int(),
    paused: z.number().int(),
    cancelled: z.number().int(),
    completed: z.number().int(),
    depositedAmount: z.string(),
    withdrawnAmount: z.string(),
    lockedAmount: z.string().openapi({
      description:
        'what the contract still holds: deposits less withdrawals of active and paused streams',
    }),
    claimableAmount: z.string().openapi({ description: 'as of asOf.ledgerClosedAt' }),
  })
  .openapi('TokenSummary')

const summaryRoute = get({
  path: '/summary',
  summary: 'All streams, per token',
  request: { query: z.strictObject(WAIT_FOR_LEDGER) },
  answer: oneOf(z.object({ tokens: z.array(TokenSummary) }).openapi('Summary')),
})

export function summaryRoutes({ store, sliced }: Reads) {
  const router = createRouter()
  /** The last summary of all streams, until the next commit: a million streams take seconds. */
  let last: { changes: number; answer: SummaryAnswer } | undefined

  function* ofAll(): Generator<void, Response> {
    const changes = store.changes()
    if (last?.changes !== changes) {
      last = { changes, answer: yield* store.held.read((view) => summary(view, undefined)) }
    }
    return json(last.answer)
  }

  function* ofParty(party: string): Generator<void, Response> {
    return json(yield* store.held.read((view) => summary(view, party)))
  }

  router.openapi(summaryRoute, (c) => {
    const party = c.get('party')
    return sliced(c, party === undefined ? ofAll() : ofParty(party))
  })
  return router
}

interface SummaryAnswer {
  data: { tokens: z.infer<typeof TokenSummary>[] }
  asOf: AsOf
}

function* summary(
  { coverage, streams }: HeldView,
  party: string | undefined,
): Generator<void, SummaryAnswer> {
  const checkpoint = coverage.checkpoint()
  const sums = yield* streams.overall(party, checkpoint?.ledgerClosedAt ?? 0)
  return { data: { tokens: sums.map(tokenJson) }, asOf: asOf(checkpoint) }
}

function tokenJson({ tokenAddress, streams, ...amounts }: TokenSums): z.infer<typeof TokenSummary> {
  const { active = 0, paused = 0, cancelled = 0, completed = 0 } = streams
  const { depositedAmount, withdrawnAmount, lockedAmount, claimableAmount } = amounts
  return {
    tokenAddress,
    streams: active + paused + cancelled + completed,
    active,
    paused,
    cancelled,
    completed,
    depositedAmount: depositedAmount.toString(),
    withdrawnAmount: withdrawnAmount.toString(),
    lockedAmount: lockedAmount.toString(),
    claimableAmount: claimableAmount.toString(),
  }
}
