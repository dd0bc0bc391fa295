import { MAX_LEDGER } from '../domain/cursor.ts'
import { createRoute, z } from '@hono/zod-openapi'
import type { Upstream } from '../domain/upstream.ts'
import { lagOf, runway } from '../store/read/summary.ts'
import type { Store } from '../store/store.ts'
import { Runway } from '../http/json.ts'
import { wholeNumber } from '../http/parameters.ts'
import { createRouter, json } from '../http/router.ts'

const ReadyQuery = z.strictObject({ max_lag: wholeNumber(0, MAX_LEDGER).optional() })

const Ready = z
  .object({
    ready: z.boolean(),
    reasons: z.array(z.string()),
    lagLedgers: z.number().int().nullable(),
    checkpoint: z.string().nullable(),
    runway: Runway,
  })
  .openapi('Ready')

const content = { 'application/json': { schema: Ready } }

const readyRoute = createRoute({
  method: 'get',
  path: '/ready',
  summary: 'Caught up, and no more than max_lag ledgers behind',
  request: { query: ReadyQuery },
  responses: {
    200: { description: 'ready', content },
    503: { description: 'not ready; `reasons` says why', content },
  } as Record<200 | 503, { description: string }>,
})

export interface ReadyDeps {
  store: Store
  upstream(): Upstream
  /** How many ledgers the checkpoint may be behind the tip. */
  readyMaxLag: number
  /** How long the tip may stand still; 0: for ever. */
  tipStallSeconds: number
}

export function readyRoutes(deps: ReadyDeps) {
  const router = createRouter()
  router.openapi(readyRoute, (c) => {
    const body = readiness(deps, c.req.valid('query').max_lag ?? deps.readyMaxLag)
    return json(body, body.ready ? 200 : 503)
  })
  return router
}

const UNHEARD = 'nothing has come from the leader since the start'

function readiness(deps: ReadyDeps, maxLag: number): z.infer<typeof Ready> {
  const { coverage } = deps.store
  const checkpoint = coverage.checkpoint()
  const { tipStillForMs: still, alarm, node } = deps.upstream()
  const carrierLag = node?.carrierLag ?? 0
  // What another node published is known to be there, even if this one has not seen it.
  const lagLedgers = checkpoint === undefined ? null : Math.max(lagOf(checkpoint), carrierLag)
  const reasons: string[] = []
  if (checkpoint === undefined) reasons.push('no ledger has been indexed yet')
  if (still === undefined)
    reasons.push(node?.role === 'follower' ? UNHEARD : 'no RPC has answered since the start')
  else if (deps.tipStallSeconds > 0 && still > deps.tipStallSeconds * 1_000) {
    reasons.push(`the tip has not moved for ${Math.floor(still / 1_000)} s`)
  }
  if (lagLedgers !== null && lagLedgers > maxLag) {
    reasons.push(`${lagLedgers} ledgers behind the tip, more than ${maxLag}`)
  }
  if (alarm !== null) reasons.push(alarm)
  if (node !== undefined && node.waitsFor !== null) reasons.push(node.waitsFor)
  for (const gap of coverage.gaps()) {
    if (!gap.repaired) reasons.push(`ledgers ${gap.from} to ${gap.to} are missing (${gap.reason})`)
  }
  return {
    ready: reasons.length === 0,
    reasons,
    lagLedgers,
    checkpoint: checkpoint?.cursor ?? null,
    runway: checkpoint === undefined ? null : runway(checkpoint),
  }
}
