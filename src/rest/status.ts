import { z } from '@hono/zod-openapi'
import type { NodeStatus } from '../domain/node-status.ts'
import { ENDPOINT_STATES } from '../domain/upstream.ts'
import type { Upstream } from '../domain/upstream.ts'
import { contents, position } from '../store/read/summary.ts'
import type { Store } from '../store/store.ts'
import { Runway } from '../http/json.ts'
import { createRouter, get, readable } from '../http/router.ts'

const Point = z.object({ ledger: z.number().int(), ledgerClosedAt: z.string().nullable() })
const Status = z
  .object({
    version: z.string(),
    uptimeSeconds: z.number().int(),
    contractId: z.string(),
    network: z.string(),
    checkpoint: Point.extend({ cursor: z.string() }).nullable(),
    tip: Point.nullable(),
    lagLedgers: z.number().int().nullable(),
    lagSeconds: z.number().int().nullable(),
    runway: Runway,
    coverage: z.array(z.tuple([z.number().int(), z.number().int()])),
    gaps: z.array(
      z.object({
        from: z.number().int(),
        to: z.number().int(),
        reason: z.string(),
        declaredAt: z.string(),
        repaired: z.boolean(),
      }),
    ),
    counts: z.object({
      events: z.number().int(),
      streams: z.number().int(),
      unrecognised: z.number().int(),
    }),
    alarm: z.string().nullable().openapi({
      description: 'why ingestion cannot continue until a person acts',
    }),
    endpoints: z.array(
      z.object({
        url: z.string(),
        state: z.enum(ENDPOINT_STATES),
        latestLedger: z.number().int().nullable(),
        oldestLedger: z.number().int().nullable(),
        lastError: z.string().nullable(),
      }),
    ),
    node: z
      .object({
        name: z.string(),
        role: z.enum(['leader', 'follower']),
        leader: z.string().nullable().openapi({ description: "the leader's name" }),
        lease: z.object({ until: z.string().nullable() }),
        carrierLag: z.number().int().nullable().openapi({
          description: 'ledgers behind the newest position published; null if that is not known',
        }),
      })
      .optional()
      .openapi({ description: 'on several machines: this one' }),
  })
  .openapi('Status')

const statusRoute = get({
  path: '/status',
  summary: 'Checkpoint, lag, runway, coverage, gaps, counts, endpoints',
  request: { query: z.strictObject({}) },
  answer: Status,
})

export interface StatusDeps {
  store: Store
  upstream(): Upstream
  version: string
  contractId: string
  network: string
}

export function statusRoutes(deps: StatusDeps) {
  const router = createRouter()
  const startedAt = performance.now()
  router.openapi(statusRoute, () => readable(deps.store.snapshot(() => status(deps, startedAt))))
  return router
}

function status(deps: StatusDeps, startedAt: number): z.infer<typeof Status> {
  const { version, contractId, network, store } = deps
  const { alarm, endpoints, node } = deps.upstream()
  return {
    version,
    uptimeSeconds: Math.floor((performance.now() - startedAt) / 1_000),
    contractId,
    network,
    ...position(store.coverage.checkpoint()),
    ...contents(store),
    alarm,
    endpoints,
    ...(node && { node: shown(node) }),
  }
}

function shown({ name, role, leader, leaseUntil, carrierLag }: NodeStatus) {
  const until = leaseUntil === null ? null : new Date(leaseUntil).toISOString()
  return { name, role, leader, lease: { until }, carrierLag }
}
