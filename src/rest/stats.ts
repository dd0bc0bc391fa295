import { z } from '@hono/zod-openapi'
import { instant } from '../domain/times.ts'
import { sumOf } from '../http/peers.ts'
import type { StatsDeps } from '../http/peers.ts'
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

export function statsRoutes({ feed, peers }: StatsDeps) {
  const router = createRouter()
  router.openapi(statsRoute, async () => {
    const all = (await peers?.stats()) ?? [feed.stats()]
    return json({ ...sumOf(all), timestamp: instant(Math.floor(Date.now() / 1_000)) })
  })
  return router
}
