import { createRoute, z } from '@hono/zod-openapi'
import { AggregatorRegistry } from 'prom-client'
import type { Registry } from 'prom-client'
import { ENDPOINT_STATES } from '../../domain/upstream.ts'
import type { Upstream } from '../../domain/upstream.ts'
import type { Feed } from '../../feed/feed.ts'
import type { FeedStats } from '../../feed/stats.ts'
import { contents, lagOf, position, runway } from '../../store/read/summary.ts'
import { auditRoute } from './audit.ts'
import { instant } from '../../domain/times.ts'
import type { Metrics, MetricValues } from '../../metrics/metrics.ts'
import { wholeNumber } from '../parameters.ts'
import { createRouter, get, json, readable } from '../router.ts'
import type { Reads } from '../router.ts'

/** All processes that serve the same port, this one included. */
export interface Peers {
  stats(): Promise<FeedStats[]>
  metrics(): Promise<MetricValues[][]>
}

export interface StatusDeps extends Reads {
  feed: Feed
  metrics: Metrics
  version: string
  contractId: string
  network: string
  upstream(): Upstream
  /** 0: there is none, beyond what gaps and the beginning need. */
  auditIntervalSeconds: number
  /** Ledgers the checkpoint may lie behind the tip. */
  readyMaxLag: number
  /** 0: never mind how long the tip stands still. */
  tipStallSeconds: number
  /** Undefined where there is but this process. */
  peers?: Peers
}

const MAX_LAG = 0x7fffffff
const ReadyQuery = z.strictObject({ max_lag: wholeNumber(0, MAX_LAG).optional() })
const None = z.strictObject({})

const Point = z.object({ ledger: z.number().int(), ledgerClosedAt: z.string().nullable() })
const Runway = z
  .object({ ledgers: z.number().int(), hours: z.number().nullable() })
  .nullable()
  .openapi({ description: 'until the RPC would forget the checkpoint' })
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
      description: 'what keeps ingestion from going on until somebody acts',
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
  })
  .openapi('Status')

const Ready = z
  .object({
    ready: z.boolean(),
    reasons: z.array(z.string()),
    lagLedgers: z.number().int().nullable(),
    checkpoint: z.string().nullable(),
    runway: Runway,
  })
  .openapi('Ready')

const Stats = z
  .object({
    activeConnections: z.number().int(),
    maxConnections: z.number().int(),
    activeIps: z.number().int(),
    perIpPeakConnections: z.number().int(),
    live: z.number().int(),
    replaying: z.number().int(),
    stalled: z.number().int(),
    eventsPerSecond: z.number(),
    timestamp: z.string().openapi({ format: 'date-time' }),
  })
  .openapi('FeedStats')

export function statusRoutes(deps: StatusDeps) {
  const router = createRouter()
  const { store, feed } = deps
  const startedAt = performance.now()

  router.openapi(
    get({
      path: '/health',
      summary: 'Alive',
      request: { query: None },
      answer: z.object({ status: z.literal('ok') }),
    }),
    () => json({ status: 'ok' }),
  )

  router.openapi(
    get({
      path: '/ready',
      summary: 'Caught up, and no more than max_lag ledgers behind',
      request: { query: ReadyQuery },
      answer: Ready,
      problems: { 503: 'not ready; the body is as of 200, with reasons' },
    }),
    (c) => {
      const maxLag = c.req.valid('query').max_lag ?? deps.readyMaxLag
      const body = readiness(deps, maxLag)
      return json(body, body.ready ? 200 : 503)
    },
  )

  router.openapi(
    get({
      path: '/status',
      summary: 'Checkpoint, lag, runway, coverage, gaps, counts, endpoints',
      request: { query: None },
      answer: Status,
    }),
    () => readable(store.snapshot(() => status(deps, startedAt))),
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/metrics',
      summary: 'Prometheus metrics',
      request: { query: None },
      responses: { 200: { description: 'text exposition format' } },
    }),
    async () => {
      const registry = await registryOf(deps)
      const text = await registry.metrics()
      return new Response(text, { headers: { 'content-type': registry.contentType } })
    },
  )

  router.openapi(
    get({
      path: '/events/stats',
      summary: 'Subscriptions of the feed',
      request: { query: None },
      answer: Stats,
    }),
    async () => {
      const all = (await deps.peers?.stats()) ?? [feed.stats()]
      return json({ ...sumOf(all), timestamp: instant(Math.floor(Date.now() / 1_000)) })
    },
  )

  router.route('/', auditRoute(deps))
  return router
}

async function registryOf({ metrics, peers }: StatusDeps): Promise<Registry> {
  return peers === undefined
    ? metrics.registry
    : AggregatorRegistry.aggregate(await peers.metrics())
}

/** Of several processes, the numbers added up; an address that several have counts in each. */
function sumOf([first, ...others]: readonly FeedStats[]): FeedStats {
  const sum: FeedStats = { ...NOBODY, ...first }
  for (const stats of others) {
    for (const name of Object.keys(sum) as (keyof FeedStats)[]) sum[name] += stats[name]
  }
  return sum
}

const NOBODY: FeedStats = {
  activeConnections: 0,
  maxConnections: 0,
  activeIps: 0,
  perIpPeakConnections: 0,
  live: 0,
  replaying: 0,
  stalled: 0,
  eventsPerSecond: 0,
}

function readiness(deps: StatusDeps, maxLag: number): z.infer<typeof Ready> {
  const { coverage } = deps.store
  const checkpoint = coverage.checkpoint()
  const { tipStillForMs: still, alarm } = deps.upstream()
  const lagLedgers = checkpoint === undefined ? null : lagOf(checkpoint)
  const reasons: string[] = []
  if (checkpoint === undefined) reasons.push('no ledger has been indexed yet')
  if (still === undefined) reasons.push('no RPC has answered since the start')
  else if (deps.tipStallSeconds > 0 && still > deps.tipStallSeconds * 1_000) {
    reasons.push(`the tip has not moved for ${Math.floor(still / 1_000)} s`)
  }
  if (lagLedgers !== null && lagLedgers > maxLag) {
    reasons.push(`${lagLedgers} ledgers behind the tip, more than ${maxLag}`)
  }
  if (alarm !== null) reasons.push(alarm)
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

function status(deps: StatusDeps, startedAt: number): z.infer<typeof Status> {
  const { version, contractId, network, store } = deps
  const { alarm, endpoints } = deps.upstream()
  return {
    version,
    uptimeSeconds: Math.floor((performance.now() - startedAt) / 1_000),
    contractId,
    network,
    ...position(store.coverage.checkpoint()),
    ...contents(store),
    alarm,
    endpoints,
  }
}
