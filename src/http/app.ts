import type { BlockList } from 'node:net'
import { cors } from 'hono/cors'
import type { Logger } from 'pino'
import type { Slices } from '../store/slices.ts'
import { createSliced } from './sliced.ts'
import { EXPOSED_HEADERS } from './middleware/cors.ts'
import { eventRoutes } from './rest/events.ts'
import {
  badRequest,
  internal,
  methodNotAllowed,
  noSuchRoute,
  overRate,
  respond,
} from './problem.ts'
import { rateHeaders } from './rate-limit.ts'
import type { TakeRequest } from './rate-limit.ts'
import { createRouter } from './router.ts'
import { statusRoutes } from './rest/status.ts'
import type { StatusDeps } from './rest/status.ts'
import { streamRoutes } from './rest/streams.ts'
import { SUBSCRIBE_METHODS, SUBSCRIBE_PATH } from './subscribe/subscribe.ts'
import { userRoutes } from './rest/users.ts'

export interface HttpDeps extends Omit<StatusDeps, 'sliced'> {
  logger: Logger
  trustProxy: BlockList
  /** In which dear requests are answered; the feed may share them. */
  slices: Slices
  takeRequest: TakeRequest
}

/** What anybody may ask for as often as they like: probes, and what a browser loads as a page. */
const UNCOUNTED = new Set(['/', '/health', '/ready', '/metrics', SUBSCRIBE_PATH])

function isCounted({ method, path }: { method: string; path: string }): boolean {
  return method !== 'OPTIONS' && !UNCOUNTED.has(path)
}

export function createApp(deps: HttpDeps) {
  const app = createRouter()
  app.use(
    cors({
      origin: '*',
      allowMethods: SUBSCRIBE_METHODS,
      // Nothing depends on a header that a page may not send, so any is allowed as asked.
      exposeHeaders: [...EXPOSED_HEADERS],
      maxAge: 86_400,
    }),
  )
  app.use(async (c, next) => {
    const rate = isCounted(c.req) ? await deps.takeRequest(c.env.address) : undefined
    if (rate === undefined) return next()
    if (rate.isOver) c.res = respond(overRate(rate.perMinute, rate.resetSeconds))
    else await next()
    for (const [name, value] of rateHeaders(rate)) c.res.headers.set(name, value)
    return undefined
  })
  // Hono drops a parameter without a name before any schema could refuse it.
  app.use(async (c, next) => {
    if (!/^[^?]*\?(.*&)?=/.test(c.req.url)) return next()
    return respond(badRequest([{ parameter: '', detail: 'unknown parameter' }]))
  })
  app.onError((error) => {
    deps.logger.error({ err: error }, 'request failed')
    return respond(internal())
  })
  app.notFound((c) => {
    const { method, path } = c.req
    if (path === SUBSCRIBE_PATH) return respond(methodNotAllowed(method, SUBSCRIBE_METHODS))
    return respond(['GET', 'HEAD'].includes(method) ? noSuchRoute(path) : methodNotAllowed(method))
  })
  const reads = { store: deps.store, sliced: createSliced(deps.slices) }
  for (const routes of [streamRoutes, eventRoutes, userRoutes]) app.route('/', routes(reads))
  app.route('/', statusRoutes({ ...deps, ...reads }))
  return app
}
