import type { BlockList } from 'node:net'
import type { Logger } from 'pino'
import type { Access } from '../auth/access.ts'
import type { Sep10 } from '../auth/sep10/sep10.ts'
import type { Decode } from '../domain/event.ts'
import type { Slices } from '../domain/slices.ts'
import type { Cors } from '../http/cors.ts'
import { docsRoutes } from '../rest/docs/routes.ts'
import { createExports } from '../http/formats/export.ts'
import { admit } from '../http/middleware/access.ts'
import { tellCaches } from '../http/middleware/caching.ts'
import { compressBodies } from '../http/middleware/compress.ts'
import { allowOrigins } from '../http/middleware/cors.ts'
import { logUse } from '../http/middleware/log-use.ts'
import { limitRate } from '../http/middleware/rate-limit.ts'
import { allowWaiting } from '../http/middleware/wait.ts'
import { refuseBodies, refuseUnnamedParameters } from '../http/middleware/request-form.ts'
import { revalidate } from '../http/middleware/snapshots.ts'
import { createMethodsOf } from '../rest/docs/methods.ts'
import { internal, methodNotAllowed, noSuchRoute, respond } from '../http/problem.ts'
import type { TakeRequest } from '../http/rate-limit.ts'
import { announcementRoutes } from '../rest/announcements.ts'
import { eventRoutes } from '../rest/events.ts'
import { explainRoutes } from '../rest/explain.ts'
import { auditRoutes } from '../rest/audit.ts'
import type { AuditDeps } from '../rest/audit.ts'
import { healthRoutes } from '../rest/health.ts'
import { metricsRoutes } from '../rest/metrics.ts'
import type { MetricsDeps } from '../rest/metrics.ts'
import { readyRoutes } from '../rest/ready.ts'
import type { ReadyDeps } from '../rest/ready.ts'
import { AUTH_PATH, inSep10Form, sep10Routes } from '../rest/sep10.ts'
import { statsRoutes } from '../rest/stats.ts'
import type { StatsDeps } from '../rest/stats.ts'
import { statusRoutes } from '../rest/status.ts'
import type { StatusDeps } from '../rest/status.ts'
import { streamListRoutes } from '../rest/stream-list.ts'
import { streamRoutes } from '../rest/streams.ts'
import { subscriptionRoutes } from '../rest/subscriptions.ts'
import { TICKET_PATH, ticketRoutes } from '../rest/ticket.ts'
import { summaryRoutes } from '../rest/summary.ts'
import { tokenRoutes } from '../rest/tokens.ts'
import type { TokenDeps } from '../rest/tokens.ts'
import { transactionRoutes } from '../rest/transactions.ts'
import { userRoutes } from '../rest/users.ts'
import { createRouter } from '../http/router.ts'
import { createSliced } from '../http/sliced.ts'
import { SUBSCRIBE_METHODS, SUBSCRIBE_PATH } from '../http/subscribe/request.ts'
import { createHandOver } from '../http/subscribe/hand-over.ts'
import { subscribeRoutes } from '../http/subscribe/subscribe.ts'
import { routePath } from '../http/v1-path.ts'
import { problemsInV1Form } from '../v1/refusals.ts'
import { v1Routes } from '../v1/v1.ts'
import type { Waiting } from '../http/waiting.ts'

/**
 * Every route, and the middleware that all of them share. A new route is a file in `rest/` and a
 * line in `createApp`.
 *
 * - `rest/` one file per resource
 * - `subscribe/` the feed: its route, and what a request for it may say
 * - `docs/` the OpenAPI document, and a page that renders it
 * - `v1/` FlowFi's own API, translated
 * - `middleware/` what happens before a route: origins, rates, access, the form of a request,
 *   waiting for the log; and after it: ETags, compression, what caches may do
 * - `formats/` NDJSON and CSV, answers of any size, gzip and br
 * - `server/` connections, the lean lane of the feed, and Node's HTTP server
 * - `router.ts` what declares a route · `parameters.ts` the values in a request ·
 *   `json.ts`, `event-shapes.ts` the shapes in an answer · `problem.ts` the refusals
 * - `client.ts` what the server tells the routes · `exchange.ts` whether the client is still there ·
 *   `holder.ts` whose limits a request counts against · `carriers.ts` where a request may carry a token
 * - `cors.ts` whose scripts may use the API · `request-id.ts` names requests · `rate-limit.ts` counts requests ·
 *   `text.ts` the text of an answer · `sliced.ts` long reads in turns · `waiting.ts` requests that wait for the log
 * - `peers.ts` the other processes that serve the same port
 * - `methods.ts` which methods a path has
 */

export interface HttpDeps
  extends TokenDeps, StatusDeps, ReadyDeps, StatsDeps, MetricsDeps, AuditDeps {
  logger: Logger
  /** The proxies whose `X-Forwarded-For` is believed. */
  trustProxy: BlockList
  /** Runs long reads in turns; the feed may share it. */
  slices: Slices
  takeRequest: TakeRequest
  access: Access
  waiting: Waiting
  /** How long a client may read nothing of a long answer. */
  stallTimeoutMs: number
  cors: Cors
  /** Undefined if this is no SEP-10 server. */
  sep10?: Sep10
  decode: Decode
}

export type App = ReturnType<typeof createApp>

export function createApp(deps: HttpDeps) {
  const app = createRouter({ getPath: routePath })
  const { sep10, logger } = deps
  // Around the origins, which can refuse, and again inside the compression.
  app.use(problemsInV1Form, allowOrigins(deps.cors), tellCaches(deps.access.mode), compressBodies)
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
  const exports = createExports({ slices: deps.slices, stallTimeoutMs: deps.stallTimeoutMs })
  const reads = { store: deps.store, sliced, exports, decode: deps.decode }
  for (const routes of [
    streamListRoutes,
    streamRoutes,
    explainRoutes,
    eventRoutes,
    userRoutes,
    transactionRoutes,
    summaryRoutes,
  ]) {
    app.route('/', routes(reads))
  }
  const handOver = createHandOver(deps)
  app.route('/', subscribeRoutes({ ...deps, handOver }))
  for (const routes of [
    healthRoutes,
    readyRoutes,
    statusRoutes,
    statsRoutes,
    metricsRoutes,
    auditRoutes,
    ticketRoutes,
    tokenRoutes,
    subscriptionRoutes,
    announcementRoutes,
  ]) {
    app.route('/', routes(deps))
  }
  app.route('/', sep10Routes({ sep10, logger }))
  app.route('/', v1Routes({ ...deps, ...reads, handOver }))
  app.route('/', docsRoutes({ version: deps.version, sliced, definitions }))
  return app
}
