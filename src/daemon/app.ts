import type { BlockList } from 'node:net'
import type { Decode } from '../domain/event.ts'
import type { Places } from '../domain/places.ts'
import type { Slices } from '../domain/slices.ts'
import type { Cors } from '../http/cors.ts'
import { docsRoutes } from '../rest/docs/routes.ts'
import { createExports } from '../http/formats/export.ts'
import { admit } from '../http/middleware/access.ts'
import { tellCaches } from '../http/middleware/caching.ts'
import { compressBodies } from '../http/middleware/compress.ts'
import { allowOrigins } from '../http/middleware/cors.ts'
import { tellLength } from '../http/middleware/length.ts'
import { logUse } from '../http/middleware/log-use.ts'
import { limitRate } from '../http/middleware/rate-limit.ts'
import { allowWaiting } from '../http/middleware/wait.ts'
import { refuseBodies, refuseUnnamedParameters } from '../http/middleware/request-form.ts'
import { revalidate } from '../http/middleware/snapshots.ts'
import { createMethodsOf } from '../rest/docs/methods.ts'
import { internal, methodNotAllowed, noSuchRoute, respond } from '../http/problem.ts'
import type { TakeRequest } from '../http/rate-limit.ts'
import { restRoutes } from '../rest/rest.ts'
import type { RestDeps } from '../rest/rest.ts'
import { AUTH_PATH, inSep10Form } from '../rest/sep10.ts'
import { TICKET_PATH } from '../rest/ticket.ts'
import { createRouter } from '../http/router.ts'
import type { App } from '../http/router.ts'
import { createSliced } from '../http/sliced.ts'
import { SUBSCRIBE_METHODS, SUBSCRIBE_PATH } from '../http/subscribe/request.ts'
import type { FeedApi } from '../http/subscribe/apis.ts'
import { createHandOver } from '../http/subscribe/hand-over.ts'
import { subscribeRoutes } from '../http/subscribe/subscribe.ts'
import { routePath, V1 } from '../http/v1-path.ts'
import { problemsInV1Form } from '../v1/refusals.ts'
import { v1Routes } from '../v1/v1.ts'
import type { Waiting } from '../http/waiting.ts'

/**
 * Every route, and the middleware that all of them share: REST, the feed, FlowFi's own API and the
 * reference. A new route is a file in `rest/` and a line in `rest/rest.ts`.
 */

export interface HttpDeps extends Omit<RestDeps, 'reads'> {
  /** The proxies whose `X-Forwarded-For` is believed. */
  trustProxy: BlockList
  /** Runs long reads in turns; the feed may share it. */
  slices: Slices
  takeRequest: TakeRequest
  waiting: Waiting
  /** How long a client may read nothing of a long answer. */
  stallTimeoutMs: number
  /** Counts exports over all processes; undefined: this one is alone. */
  places: Places | undefined
  cors: Cors
  decode: Decode
  /** That of FlowFi's API. */
  v1Feed: FeedApi
}

export function createApp(deps: HttpDeps): App {
  const app = createRouter({ getPath: routePath })
  const { logger } = deps
  // Around the origins, which can refuse, and again inside the compression.
  app.use(
    tellLength,
    problemsInV1Form,
    allowOrigins(deps.cors),
    tellCaches(deps.access.mode),
    compressBodies,
  )
  app.use(AUTH_PATH, inSep10Form)
  app.use(
    problemsInV1Form,
    limitRate(deps.takeRequest),
    // Before anything else about the request is judged.
    admit(deps.access),
    refuseBodies,
    refuseUnnamedParameters,
    allowWaiting(deps.waiting),
    revalidate,
  )
  app.use('/admin/*', logUse(deps.logger))
  app.use(`${V1}/admin/*`, logUse(deps.logger))
  app.onError((error, { env }) => {
    // A request that broke off is not an error of this server.
    if (!env.wire?.incoming.errored) {
      logger.error({ err: error, requestId: env.requestId }, 'request failed')
    }
    return respond(internal())
  })
  const definitions = () => app.openAPIRegistry.definitions
  const methodsOf = createMethodsOf(definitions)
  app.notFound((c) => {
    const { method, path } = c.req
    if (path === SUBSCRIBE_PATH) return respond(methodNotAllowed(method, SUBSCRIBE_METHODS))
    const isRoute = path !== TICKET_PATH || deps.access.mode === 'jwt'
    const allowed = isRoute ? methodsOf(path) : []
    if (allowed.length > 0) return respond(methodNotAllowed(method, allowed))
    return respond(['GET', 'HEAD'].includes(method) ? noSuchRoute(path) : methodNotAllowed(method))
  })
  const sliced = createSliced(deps.slices)
  const exports = createExports(deps)
  const reads = { store: deps.store, sliced, exports, decode: deps.decode }
  app.route('/', restRoutes({ ...deps, reads }))
  const handOver = createHandOver(deps)
  app.route('/', subscribeRoutes({ ...deps, handOver }))
  app.route('/', v1Routes({ ...deps, ...reads, handOver }))
  app.route('/', docsRoutes({ version: deps.version, sliced, definitions }))
  return app
}
