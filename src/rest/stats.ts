import { z } from '@hono/zod-openapi'
import { instant } from '../domain/times.ts'
import type { Feed } from '../feed/feed.ts'
import type { FeedStats } from '../feed/stats.ts'
import type { Peers } from '../http/peers.ts'
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

const statsRoute = get({
  path: '/events/stats',
  summary: 'Subscriptions of the feed',
  request: { query: z.strictObject({}) },
  answer: Stats,
})

export interface StatsDeps {
  feed: Feed
  peers?: Peers
}

export function statsRoutes({ feed, peers }: StatsDeps) {
  const router = createRouter()
  router.openapi(statsRoute, async () => {
    const all = (await peers?.stats()) ?? [feed.stats()]
    return json({ ...sumOf(all), timestamp: instant(Math.floor(Date.now() / 1_000)) })
  })
  return router
}

/** An address with subscriptions in several processes counts once in each of them. */
export function sumOf([first, ...others]: readonly FeedStats[]): FeedStats {
  const sum: FeedStats = { ...NONE, ...first }
  for (const stats of others) {
    for (const name of Object.keys(sum) as (keyof FeedStats)[]) sum[name] += stats[name]
  }
  return sum
}

const NONE: FeedStats = {
  activeConnections: 0,
  maxConnections: 0,
  activeIps: 0,
  perIpPeakConnections: 0,
  live: 0,
  replaying: 0,
  stalled: 0,
  eventsPerSecond: 0,
}
