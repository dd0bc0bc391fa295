import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, BlockList, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { cors } from 'hono/cors'
import type { Logger } from 'pino'
import { UsageError } from '../domain/errors.ts'
import { createHolderOf } from './address.ts'
import { eventRoutes } from './events.ts'
import {
  badHttp,
  badRequest,
  internal,
  methodNotAllowed,
  noSuchRoute,
  PROBLEM_TYPE,
  respond,
} from './problem.ts'
import { createRouter } from './routes.ts'
import { statusRoutes } from './status.ts'
import type { StatusDeps } from './status.ts'
import { streamRoutes } from './streams.ts'
import { answerSubscribe, SUBSCRIBE_METHODS, SUBSCRIBE_PATH, takeLane } from './subscribe.ts'
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
/** What a socket takes beyond what the kernel does, before it counts as full. */
const HIGH_WATER_MARK = 16_384
/** Shut down: how long answers under way may take. */
const CLOSE_GRACE_MS = 1_000

export function createApp(deps: HttpDeps) {
  const app = createRouter()
  app.use(
    cors({
      origin: '*',
      allowMethods: SUBSCRIBE_METHODS,
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
    if (path === SUBSCRIBE_PATH) return respond(methodNotAllowed(method, SUBSCRIBE_METHODS))
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

export interface ListenOptions {
  host: string
  port: number
  /** Whether plain requests for the feed are served beside the HTTP server, or through it. */
  feedLane: 'lean' | 'http'
  /** Several processes have the port. */
  reusePort?: boolean
}

/** A server that has its port. Connections wait until there is something to serve. */
export interface BoundServer {
  server: Server
  /** From now on connections are served. */
  open(): void
}

/** Takes the port; throws UsageError when it cannot be had. */
export async function bindServer(options: ListenOptions): Promise<BoundServer> {
  const server = createServer({
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    noDelay: true,
    highWaterMark: HIGH_WATER_MARK,
  })
  // A refusal now would be for good: a browser's EventSource tries again only after a lost connection.
  const serve = server.listeners('connection') as ConnectionListener[]
  const waiting = new Set<Socket>()
  server.removeAllListeners('connection')
  server.on('connection', wait)
  await bind(server, options)
  return {
    server,
    open() {
      server.removeAllListeners('connection')
      for (const listener of serve) server.on('connection', listener)
      // After this turn, in which whoever serves adds what it needs.
      setImmediate(() => {
        for (const socket of waiting) {
          socket.off('error', hangUp)
          if (!socket.destroyed) server.emit('connection', socket)
        }
      })
    },
  }

  function wait(socket: Socket): void {
    waiting.add(socket)
    socket.on('error', hangUp)
  }
}

type ConnectionListener = (this: Server, socket: Socket) => void

/** Serves on a port that is bound already, or that it binds now. */
export async function listen(
  deps: HttpDeps,
  options: ListenOptions,
  bound?: BoundServer,
): Promise<HttpServer> {
  const answer = getRequestListener(createApp(deps).fetch, { overrideGlobalObjects: false })
  const { feed, logger } = deps
  const holderOf = createHolderOf(deps.trustProxy)
  const subscribeDeps = { feed, holderOf, taken: new WeakSet<Socket>() }

  async function answerFeed(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await answerSubscribe(subscribeDeps, request, response)
    } catch (error) {
      // A client that goes while it sends its request is no error of anybody's.
      if (!request.destroyed) logger.error({ err: error }, 'request failed')
      response.destroy()
    }
  }

  const answering = new WeakMap<Socket, ServerResponse>()
  const { server, open } = bound ?? (await bindServer(options))
  open()
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answering.set(request.socket, response)
    const isFeed = pathOf(request) === SUBSCRIBE_PATH
    if (isFeed && SUBSCRIBE_METHODS.includes(request.method ?? '')) {
      void answerFeed(request, response)
    } else {
      void answer(request, response)
    }
  })
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    // Behind an answer that is not finished, or is a feed, there is no room for another.
    const idle = answering.get(socket)?.writableFinished ?? true
    if (idle && socket.writable && error.code !== 'ECONNRESET') refuseHttp(socket, error.code)
    else socket.destroy()
  })
  /** Connections that have said nothing yet; the server does not know of them. */
  const silent = new Set<Socket>()
  if (options.feedLane === 'lean') layLane(server, silent, subscribeDeps)
  server.keepAliveTimeout = KEEP_ALIVE_MS
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS
  let closed: Promise<void> | undefined
  const { port, family, address } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    stop() {
      closed = closing(server)
      server.closeIdleConnections()
    },
    async close() {
      closed ??= closing(server)
      for (const socket of silent) socket.destroy()
      const force = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
      await closed
      clearTimeout(force)
    },
  }
}

/** Looks at the first bytes of each connection before the HTTP server does. */
function layLane(server: Server, silent: Set<Socket>, deps: Parameters<typeof takeLane>[0]): void {
  const serveHttp = server.listeners('connection') as ConnectionListener[]
  server.removeAllListeners('connection')

  function onFirst(this: Socket, bytes: Buffer): void {
    silent.delete(this)
    this.off('close', onClose)
      .off('end', hangUp)
      .off('error', hangUp)
      .off('timeout', hangUp)
      .setTimeout(0)
    if (takeLane(deps, this, bytes)) return
    for (const listener of serveHttp) listener.call(server, this)
    this.unshift(bytes)
  }

  function onClose(this: Socket): void {
    silent.delete(this)
  }

  server.on('connection', (socket) => {
    silent.add(socket)
    socket.once('data', onFirst).on('close', onClose).on('end', hangUp).on('error', hangUp)
    socket.setTimeout(HEADERS_TIMEOUT_MS).on('timeout', hangUp)
  })
}

function hangUp(this: Socket): void {
  this.destroy()
}

/** What Node's parser refuses before there is a request. */
function refuseHttp(socket: Socket, code: string | undefined): void {
  const { problem, headers } = badHttp(code)
  const body = JSON.stringify(problem)
  const lines = Object.entries({
    'content-type': PROBLEM_TYPE,
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\n${head}\r\n${body}`)
}

function pathOf({ url = '' }: IncomingMessage): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}

async function bind(
  server: Server,
  { host, port, reusePort = false }: ListenOptions,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host, port, reusePort, backlog: BACKLOG }, resolve)
  try {
    await promise
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EADDRINUSE') {
      throw new UsageError(
        `port ${port} on ${host} is taken by another program: stop it, or choose another with PORT=${port + 1}${reusePort ? '; an indexer shares its port only with SHARE_PORT=true' : ''}`,
        { cause },
      )
    }
    if (reusePort && code === 'ENOTSUP') {
      throw new UsageError('on this system processes cannot share a port: run one "start" alone', {
        cause,
      })
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
