import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo, BlockList } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { cors } from 'hono/cors'
import type { Logger } from 'pino'
import { UsageError } from '../domain/errors.ts'
import { createAddressOf } from './address.ts'
import { eventRoutes } from './events.ts'
import { badRequest, internal, methodNotAllowed, noSuchRoute, respond } from './problem.ts'
import { createRouter } from './routes.ts'
import { statusRoutes } from './status.ts'
import type { StatusDeps } from './status.ts'
import { streamRoutes } from './streams.ts'
import { answerSubscribe, SUBSCRIBE_PATH } from './subscribe.ts'
import { userRoutes } from './users.ts'

export interface HttpDeps extends StatusDeps {
  logger: Logger
  trustProxy: BlockList
}

/** Longer than the idle time of the usual balancer, so that it is never we who close first. */
const KEEP_ALIVE_MS = 75_000
const HEADERS_TIMEOUT_MS = 15_000
const REQUEST_TIMEOUT_MS = 30_000
const BACKLOG = 4_096
/** Shut down: how long answers under way may take. */
const CLOSE_GRACE_MS = 1_000

export function createApp(deps: HttpDeps) {
  const app = createRouter()
  app.use(
    cors({
      origin: '*',
      allowMethods: ['GET', 'HEAD'],
      allowHeaders: ['Authorization', 'Cache-Control', 'Content-Type', 'Last-Event-ID'],
      maxAge: 86_400,
    }),
  )
  // Hono drops a parameter without a name before any schema could refuse it.
  app.use(async (c, next) => {
    if (!/^[^?]*\?(.*&)?=/.test(c.req.url)) return next()
    return respond(badRequest([{ parameter: '', detail: 'is not a parameter here' }]))
  })
  app.onError((error) => {
    deps.logger.error({ err: error }, 'request failed')
    return respond(internal())
  })
  app.notFound((c) => {
    const { method, path } = c.req
    return respond(['GET', 'HEAD'].includes(method) ? noSuchRoute(path) : methodNotAllowed(method))
  })
  for (const routes of [streamRoutes, eventRoutes, userRoutes]) app.route('/', routes(deps))
  app.route('/', statusRoutes(deps))
  return app
}

export interface HttpServer {
  url: string
  /** Takes no more connections; those that subscribe are the feed's to end. */
  stop(): void
  /** Waits for answers under way, for a moment, and closes what is left. */
  close(): Promise<void>
}

/** Listens; throws UsageError when the port cannot be had. */
export async function listen(
  deps: HttpDeps,
  { host, port }: { host: string; port: number },
): Promise<HttpServer> {
  const answer = getRequestListener(createApp(deps).fetch, { overrideGlobalObjects: false })
  const addressOf = createAddressOf(deps.trustProxy)
  const subscribeDeps = {
    feed: deps.feed,
    addressOf,
    taken: new WeakSet<IncomingMessage['socket']>(),
  }
  const server = createServer(
    { keepAlive: true, keepAliveInitialDelay: 30_000, noDelay: true },
    (request, response) => {
      const isFeed = pathOf(request) === SUBSCRIBE_PATH
      if (isFeed && (request.method === 'GET' || request.method === 'HEAD')) {
        answerSubscribe(subscribeDeps, request, response)
      } else {
        void answer(request, response)
      }
    },
  )
  server.keepAliveTimeout = KEEP_ALIVE_MS
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS
  await bind(server, host, port)
  let closed: Promise<void> | undefined
  const { port: bound, family, address } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    stop() {
      closed = closing(server)
      server.closeIdleConnections()
    },
    async close() {
      closed ??= closing(server)
      const force = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
      await closed
      clearTimeout(force)
    },
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}

async function bind(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host, port, backlog: BACKLOG }, resolve)
  try {
    await promise
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EADDRINUSE') {
      throw new UsageError(
        `port ${port} on ${host} is taken by another program: stop it, or choose another with PORT=${port + 1}`,
        { cause },
      )
    }
    throw new UsageError(`cannot listen on ${host}:${port} (${String(cause)}): set HOST and PORT`, {
      cause,
    })
  }
}

function closing(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
