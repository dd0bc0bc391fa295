import type { MiddlewareHandler } from 'hono'
import type { ClientEnv } from '../client.ts'
import { overRate, respond } from '../problem.ts'
import { rateHeaders } from '../rate-limit.ts'
import type { TakeRequest } from '../rate-limit.ts'
import { isOfV1, V1 } from '../v1-path.ts'
import { SUBSCRIBE_PATH } from '../subscribe/request.ts'

/** Probes, the feed, and pages. */
const UNCOUNTED = new Set([
  '/',
  '/docs',
  '/health',
  '/ready',
  '/metrics',
  SUBSCRIBE_PATH,
  V1,
  `${V1}/health`,
  V1 + SUBSCRIBE_PATH,
])
/** What pages load. */
const ASSETS = /^\/(docs|assets)\//

/** Whether the requests for a path count for the rate of their address. */
export function isCounted(path: string): boolean {
  return !UNCOUNTED.has(path) && !ASSETS.test(path)
}

/** Refuses the requests of an address beyond its rate, and tells each client what it has left. */
export function limitRate(takeRequest: TakeRequest): MiddlewareHandler<ClientEnv> {
  return async (c, next) => {
    if (c.req.method === 'OPTIONS' || !isCounted(c.req.path)) return next()
    const budget = isOfV1(c.req.path) ? 'v1' : 'rest'
    // A request that has waited was counted before.
    const rate = c.env.rate ?? (await takeRequest(c.env.holder.address, budget))
    if (rate === undefined) return next()
    c.env.rate = rate
    if (rate.isOver) c.res = respond(overRate(rate.perMinute, rate.resetSeconds))
    else await next()
    for (const [name, value] of rateHeaders(rate)) c.res.headers.set(name, value)
    return undefined
  }
}
