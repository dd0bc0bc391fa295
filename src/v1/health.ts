import { z } from '@hono/zod-openapi'
import type { EndpointStatus, Upstream } from '../domain/upstream.ts'
import type { Store } from '../store/store.ts'
import { sumOf } from '../http/peers.ts'
import type { StatsDeps } from '../http/peers.ts'
import { createRouter, json } from '../http/router.ts'
import { iso } from './numbers.ts'
import { v1Get } from './route.ts'

/** Beyond this lag the indexer counts as degraded. */
const MOST_LAG_SECONDS = 60

const Health = z
  .object({
    status: z.enum(['ok', 'degraded']),
    db: z.enum(['connected', 'disconnected']),
    indexerEnabled: z.boolean(),
    indexerLag: z.number().openapi({ description: 'seconds since the chain was last seen' }),
    eventsProcessed: z.number().int(),
    eventsFailed: z.number().int(),
    lastErrorAt: z.string().nullable(),
    indexerDegraded: z.boolean(),
    uptime: z.number(),
    ledger: z.number().int(),
    checks: z.object({
      database: z.object({ status: z.enum(['ok', 'down']) }),
      indexer: z.object({
        status: z.enum(['ok', 'degraded', 'disabled']),
        enabled: z.boolean(),
        lagSeconds: z.number(),
      }),
      redis: z.object({ status: z.enum(['ok', 'unavailable', 'not_configured']) }),
      sorobanRpc: z.object({ status: z.enum(['ok', 'down']) }),
    }),
  })
  .openapi('V1Health')

const Stats = z
  .object({
    activeConnections: z.number().int(),
    activeIps: z.number().int(),
    perIpPeakConnections: z.number().int(),
    maxConnections: z.number().int(),
    timestamp: z.string().openapi({ format: 'date-time' }),
  })
  .openapi('V1Stats')

export interface HealthDeps extends StatsDeps {
  store: Store
  upstream(): Upstream
}

export function healthRoutes({ store, upstream, feed, peers }: HealthDeps) {
  const router = createRouter()
  const startedAt = performance.now()

  v1Get(
    router,
    {
      path: '/health',
      summary: 'Whether the chain is followed',
      answer: Health,
      problems: { 503: 'it is not; the body is that of 200' },
    },
    () => {
      const uptime = (performance.now() - startedAt) / 1_000
      const health = healthOf({ seen: contents(store), upstream: upstream(), uptime })
      return json(health, health.status === 'ok' ? 200 : 503)
    },
  )

  v1Get(
    router,
    { path: '/events/stats', summary: 'Subscriptions of the feed', answer: Stats },
    async () => {
      const all = (await peers?.stats()) ?? [feed.stats()]
      const { activeConnections, activeIps, perIpPeakConnections, maxConnections } = sumOf(all)
      const timestamp = new Date().toISOString()
      return json({
        activeConnections,
        activeIps,
        perIpPeakConnections,
        maxConnections,
        timestamp,
      })
    },
  )

  return router
}

type Contents = Pick<
  z.infer<typeof Health>,
  'eventsProcessed' | 'eventsFailed' | 'lastErrorAt' | 'ledger'
>

/** Undefined if the database cannot be read. */
function contents({ log, coverage, snapshot }: Store): Contents | undefined {
  try {
    return snapshot(() => {
      const counts = log.counts()
      const filter = { streams: [], users: [], types: ['unrecognised'] }
      const [failed] = log.page({ filter, order: 'desc', limit: 1 }).entries
      const { timestamp } = (failed ? JSON.parse(failed.data) : {}) as { timestamp?: number }
      return {
        eventsProcessed: counts.values().reduce((sum, count) => sum + count, 0),
        eventsFailed: counts.get('unrecognised') ?? 0,
        lastErrorAt: timestamp === undefined ? null : iso(timestamp),
        ledger: coverage.checkpoint()?.ledger ?? 0,
      }
    })
  } catch {
    return undefined
  }
}

const NOTHING: Contents = { eventsProcessed: 0, eventsFailed: 0, lastErrorAt: null, ledger: 0 }

function healthOf({ seen, upstream, uptime }: HealthOptions): z.infer<typeof Health> {
  const { endpoints, tipStillForMs, alarm } = upstream
  const isAnswering = endpoints.some(isOkay)
  const lag = secondsSinceLook(upstream, uptime)
  const isDegraded = lag > MOST_LAG_SECONDS || alarm !== null
  const isOk = seen !== undefined && !isDegraded
  const isRpcOk = isAnswering || (endpoints.length === 0 && tipStillForMs !== undefined)
  return {
    status: isOk ? 'ok' : 'degraded',
    db: seen === undefined ? 'disconnected' : 'connected',
    indexerEnabled: true,
    indexerLag: lag,
    ...(seen ?? NOTHING),
    indexerDegraded: isDegraded,
    uptime: Math.round(uptime * 1_000) / 1_000,
    checks: {
      database: { status: seen === undefined ? 'down' : 'ok' },
      indexer: { status: isDegraded ? 'degraded' : 'ok', enabled: true, lagSeconds: lag },
      redis: { status: 'not_configured' },
      sorobanRpc: { status: isRpcOk ? 'ok' : 'down' },
    },
  }
}

/** Whole seconds since the chain was last seen. */
export function secondsSinceLook(
  { endpoints, tipStillForMs }: Upstream,
  uptimeSeconds: number,
): number {
  // While an RPC answers, the last look was a moment ago, however still its tip stands.
  if (endpoints.some(isOkay)) return 0
  return Math.floor(tipStillForMs === undefined ? uptimeSeconds : tipStillForMs / 1_000)
}

function isOkay({ state }: EndpointStatus): boolean {
  return state === 'ok'
}

interface HealthOptions {
  seen: Contents | undefined
  upstream: Upstream
  /** Seconds. */
  uptime: number
}
