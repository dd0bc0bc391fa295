import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, BlockList, Socket } from 'node:net'
import type { Logger } from 'pino'
import type { Access } from '../../auth/access.ts'
import type { Slices } from '../../domain/slices.ts'
import type { Feed } from '../../feed/feed.ts'
import type { Cors } from '../cors.ts'
import type { App } from '../router.ts'
import { createHolderOf, createHostOf, originOf } from '../holder.ts'
import type { HolderOf } from '../holder.ts'
import { badHttp, methodNotAllowed } from '../problem.ts'
import type { FeedApi } from '../subscribe/apis.ts'
import { commonHeaders, createRequestIdOf } from '../request-id.ts'
import type { RequestIdOf } from '../request-id.ts'
import type { BoundServer } from './bind.ts'
import { explainError } from './client-error.ts'
import type { ClientError } from './client-error.ts'
import { hangUp } from './hang-up.ts'
import { openLane } from './lane.ts'
import { comesWithBody, createListener } from './listener.ts'
import { createSendProblem } from './refusal.ts'
import type { SendProblem } from './refusal.ts'
import { createTurnstile } from './turnstile.ts'
import type { Turnstile } from './turnstile.ts'
import { createWaitingConnections } from './waiting-connections.ts'
import type { WaitingConnections } from './waiting-connections.ts'

/**
 * From connections to requests. Everything here is about sockets and HTTP itself; what a request
 * means is decided by the routes.
 *
 * - `bind.ts` takes the port; connections wait until there is something to serve
 * - `lane.ts` (with `lane-request.ts`) subscriptions that bypass Node's HTTP server
 * - `waiting-connections.ts` the limit of connections that have not sent a whole request
 * - `listener.ts` gives requests to the routes, those that have waited for a second time
 * - `send.ts` writes the answers
 * - `client-error.ts` what to answer to bytes that are not a request
 * - `refusal.ts` answers that go out before the request is whole
 * - `turnstile.ts` lets requests in at a pace that leaves the thread free
 */

/** Longer than the idle time of the usual load balancers, so that the balancer closes first. */
const KEEP_ALIVE_MS = 75_000
const HEADERS_TIMEOUT_MS = 15_000
const REQUEST_TIMEOUT_MS = 30_000
/** How long answers under way may take at shutdown. */
const CLOSE_GRACE_MS = 1_000

/** What load balancers and operators ask for never waits for other requests. */
const FIRST = /^\/(health|ready|metrics)(\?|$)/

export interface HttpServer {
  url: string
  /** Accepts no more connections. Subscriptions are for the feed to end. */
  stop(): void
  /** Waits a moment for answers under way, then closes what is left. */
  close(): Promise<void>
}

export interface ServeOptions {
  app: App
  feed: Feed
  /** Whose requests may take the lean lane. */
  apis: readonly FeedApi[]
  access: Access
  /** The long work of the thread that serves. */
  slices: Pick<Slices, 'hurry'>
  cors: Cors
  logger: Logger
  /** The proxies whose `X-Forwarded-For` is believed. */
  trustProxy: BlockList
  /** `lean`: plain requests for the feed bypass Node's HTTP server. */
  feedLane: 'lean' | 'http'
  /** Counts only connections that have not sent a whole request yet. */
  maxConnectionsPerAddress: number
}

/** Serves the routes and the feed on a port that is taken already. */
export function serveHttp({ server, open }: BoundServer, options: ServeOptions): HttpServer {
  const {
    app,
    cors,
    slices,
    feedLane,
    logger,
    maxConnectionsPerAddress: most,
    trustProxy,
  } = options
  const holderOf = createHolderOf(trustProxy, logger)
  const requestIdOf = createRequestIdOf(trustProxy)
  const sendProblem = createSendProblem(cors)
  const hostOf = createHostOf(trustProxy)
  const waiting = createWaitingConnections({ most, hostOf, sendProblem })
  const turnstile = createTurnstile()
  open()
  answerRequests(server, { turnstile, app, holderOf, requestIdOf, waiting, logger, sendProblem })
  const silenceMs = HEADERS_TIMEOUT_MS
  const lane =
    feedLane === 'lean'
      ? openLane(server, { ...options, holderOf, requestIdOf, waiting, silenceMs })
      : undefined
  server.prependListener('connection', waiting.opened)
  server.on('connection', slices.hurry)
  server.on('connection', turnstile.accepted)
  server.keepAliveTimeout = KEEP_ALIVE_MS
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS
  let closed: Promise<void> | undefined
  return {
    url: urlOf(server),
    stop() {
      closed = closing(server)
      server.closeIdleConnections()
    },
    async close() {
      closed ??= closing(server)
      lane?.closeSilent()
      const force = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
      await closed
      clearTimeout(force)
    },
  }
}

interface AnswerDeps {
  app: App
  holderOf: HolderOf
  requestIdOf: RequestIdOf
  waiting: WaitingConnections
  turnstile: Turnstile
  logger: Logger
  sendProblem: SendProblem
}

interface Exchange {
  request: IncomingMessage
  response: ServerResponse
}

/** Answers what Node's server reports: requests, tunnels, and bytes that are not a request. */
function answerRequests(server: Server, deps: AnswerDeps): void {
  const { app, holderOf, requestIdOf, waiting, logger, sendProblem, turnstile } = deps
  const answer = createListener(deps)
  /** The newest request of each connection. */
  const exchanges = new WeakMap<Socket, Exchange>()

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    // The connection was refused before its request was whole.
    if (socket.writableEnded) return
    const requestId = requestIdOf(originOf(request))
    for (const [name, value] of commonHeaders(requestId)) response.setHeader(name, value)
    if (logger.isLevelEnabled('debug')) logAnswer(logger, { request, response, requestId })
    exchanges.set(socket, { request, response })
    const count = () => waiting.requested(socket)
    if (comesWithBody(request)) request.once('end', count)
    else count()
    if (!waiting.hasRoom(socket)) response.setHeader('connection', 'close')
    response.once('finish', () => waiting.answered(socket))
    if (FIRST.test(request.url ?? '')) return void answer(request, response)
    return turnstile.enter(socket.remoteAddress ?? '', () => {
      // The client can have left while its request waited.
      if (!response.closed) void answer(request, response)
    })
  })
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    waiting.requested(socket)
    socket.on('error', hangUp)
    sendProblem(socket, methodNotAllowed('CONNECT'))
  })
  server.on('clientError', (error: ClientError, socket: Socket) => {
    const { request, response } = exchanges.get(socket) ?? {}
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy()
    else if (response === undefined || response.writableFinished) void refuseUnread(error, socket)
    // The request is answered: what still comes of it does not matter.
    else if (response.headersSent) socket.destroySoon()
    else if (!request?.complete && response.socket === socket) {
      sendProblem(socket, badHttp(error.code))
    } else {
      // Another answer is under way on this connection, or it is a subscription.
      socket.destroy()
    }
  })

  async function refuseUnread(error: ClientError, socket: Socket): Promise<void> {
    const holder = holderOf({ remoteAddress: socket.remoteAddress })
    const requestId = requestIdOf({ remoteAddress: socket.remoteAddress })
    const refused = await explainError(error, (url) =>
      app.request(url, undefined, { holder, requestId, exchange: socket }),
    )
    sendProblem(socket, refused)
  }
}

/** Says at the end how a request was answered. The query may hold a token, so it is left out. */
function logAnswer(
  logger: Logger,
  { request, response, requestId }: Exchange & { requestId: string },
): void {
  const startedAt = performance.now()
  const { method, url = '' } = request
  const [path] = url.split('?')
  response.once('close', () => {
    const elapsedMs = Math.round(performance.now() - startedAt)
    const status = response.statusCode
    logger.debug({ requestId, method, path, status, elapsedMs }, 'request answered')
  })
}

function urlOf(server: Server): string {
  const { port, family, address } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

function closing(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
