import { z } from '@hono/zod-openapi'
import { instant } from '../domain/times.ts'
import { sumOf } from '../http/peers.ts'
import type { StatsDeps } from '../http/peers.ts'
import { unlessTwice } from '../http/parameters.ts'
import { refusedFor, respond } from '../http/problem.ts'
import { createRouter, get, json } from '../http/router.ts'

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

const StatsQuery = z.strictObject({
  cluster: z
    .enum(['true', 'false'], { error: unlessTwice('cluster is true or false') })
    .optional()
    .openapi({ description: 'true: of all nodes; otherwise of this one' }),
})

const statsRoute = get({
  path: '/events/stats',
  summary: 'Subscriptions of the feed',
  request: { query: StatsQuery },
  answer: Stats,
  problems: { 503: 'the other nodes cannot be asked now (with cluster=true)' },
})

const RETRY_AFTER_SECONDS = 5
const CANNOT_ASK =
  'the other nodes cannot be asked now; try again in 5 s, or leave cluster out for those of this node'

export function statsRoutes({ feed, peers, cluster }: StatsDeps) {
  const router = createRouter()
  router.openapi(statsRoute, async (c) => {
    const isWide = cluster !== undefined && c.req.valid('query').cluster === 'true'
    const all = isWide ? await cluster.stats() : ((await peers?.stats()) ?? [feed.stats()])
    if (all === undefined) return respond(refusedFor(RETRY_AFTER_SECONDS, 503, CANNOT_ASK))
    return json({ ...sumOf(all), timestamp: instant(Math.floor(Date.now() / 1_000)) })
  })
  return router
}
