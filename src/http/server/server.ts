import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Origin } from '../holder.ts'
import { createHolderOf, createHostOf, originOf } from '../holder.ts'
import { createApp } from '../app.ts'
import type { HttpDeps } from '../app.ts'
import { bindServer } from './bind.ts'
import type { BoundServer, ConnectionListener, ListenOptions } from './bind.ts'
import { createForwardedWatch } from '../forwarded.ts'
import { explainError } from './client-error.ts'
import type { ClientError } from './client-error.ts'
import { badHttp, methodNotAllowed, noBodyHere, unknownTransferEncoding } from '../problem.ts'
import type { Refused } from '../problem.ts'
import { answerProblem, hasBody, sendProblem } from './refusal.ts'
import {
  answerSubscribe,
  SUBSCRIBE_METHODS,
  SUBSCRIBE_PATH,
  takeLane,
} from '../subscribe/subscribe.ts'
import { targetOf } from './target.ts'
import { createWaitingConnections } from './waiting-connections.ts'
import type { WaitingConnections } from './waiting-connections.ts'

/** Longer than the idle time of the usual balancer, so that it is never we who close first. */
const KEEP_ALIVE_MS = 75_000
const HEADERS_TIMEOUT_MS = 15_000
const REQUEST_TIMEOUT_MS = 30_000
/** Shut down: how long answers under way may take. */
const CLOSE_GRACE_MS = 1_000

export interface HttpServer {
  url: string
  /** Takes no more connections; those that subscribe are the feed's to end. */
  stop(): void
  /** Waits for answers under way, for a moment, and closes what is left. */
  close(): Promise<void>
}

/** Serves on a port that is bound already, or that it binds now. */
export async function listen(
  deps: HttpDeps,
  options: ListenOptions,
  bound?: BoundServer,
): Promise<HttpServer> {
  const app = createApp(deps)
  const { feed, logger } = deps
  const watchForwarded = createForwardedWatch(deps.trustProxy, logger)
  const knownHolder = createHolderOf(deps.trustProxy)
  const holderOf = (origin: Origin) => {
    watchForwarded(origin)
    return knownHolder(origin)
  }
  const answer = getRequestListener(
    (request, { incoming, outgoing }) => {
      const { address } = holderOf(originOf(incoming as IncomingMessage))
      return app.fetch(request, { address, exchange: outgoing as ServerResponse })
    },
    { overrideGlobalObjects: false },
  )
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

  const answering = new WeakMap<Socket, Exchange>()
  const waiting = createWaitingConnections({
    most: options.maxConnectionsPerAddress,
    hostOf: createHostOf(deps.trustProxy),
  })
  const { server, open } = bound ?? (await bindServer(options))
  open()
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    // It was refused before its request was whole.
    if (socket.writableEnded) return
    answering.set(socket, { request, response })
    const count = () => waiting.requested(socket)
    if (hasBody(request)) request.once('end', count)
    else count()
    if (!waiting.hasRoom(socket)) response.setHeader('connection', 'close')
    response.once('finish', () => waiting.answered(socket))
    route(request, response)
  })

  function route(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url } = request
    if (hasUnknownCoding(request)) answerProblem(request, response, unknownTransferEncoding())
    else if (SUBSCRIBE_METHODS.includes(method) && targetOf(url).path === SUBSCRIBE_PATH) {
      void answerFeed(request, response)
    } else if (hasBody(request)) answerProblem(request, response, unwantedBody(request))
    else void answer(request, response)
  }

  async function refuseUnread(error: ClientError, socket: Socket): Promise<void> {
    const { address } = holderOf({ remoteAddress: socket.remoteAddress })
    const refused = await explainError(error, (url) =>
      app.request(url, undefined, { address, exchange: socket }),
    )
    sendProblem(socket, refused)
  }

  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    waiting.requested(socket)
    socket.on('error', hangUp)
    sendProblem(socket, methodNotAllowed('CONNECT'))
  })
  server.on('clientError', (error: ClientError, socket: Socket) => {
    const { request, response } = answering.get(socket) ?? {}
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy()
    else if (response === undefined || response.writableFinished) {
      void refuseUnread(error, socket)
    } else if (response.headersSent) {
      // Answered already: nobody wants what is still to come.
      socket.destroySoon()
    } else if (!request?.complete && response.socket === socket) {
      sendProblem(socket, badHttp(error.code))
    } else {
      // Behind an answer that is not finished, or is a feed, there is no room for another.
      socket.destroy()
    }
  })
  /** Connections that have said nothing yet; the server does not know of them. */
  const silent = new Set<Socket>()
  if (options.feedLane === 'lean') layLane(server, silent, { ...subscribeDeps, waiting })
  server.prependListener('connection', waiting.opened)
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

interface Exchange {
  request: IncomingMessage
  response: ServerResponse
}

function hasUnknownCoding({ headers }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding']
  return coding !== undefined && coding.trim().toLowerCase() !== 'chunked'
}

/** Routes beside the feed take no body: what they have to say does not wait for one. */
function unwantedBody({ method = '' }: IncomingMessage): Refused {
  return ['GET', 'HEAD', 'OPTIONS'].includes(method) ? noBodyHere() : methodNotAllowed(method)
}

/** Looks at the first bytes of each connection before the HTTP server does. */
function layLane(
  server: Server,
  silent: Set<Socket>,
  { waiting, ...deps }: Parameters<typeof takeLane>[0] & { waiting: WaitingConnections },
): void {
  const serveHttp = server.listeners('connection') as ConnectionListener[]
  server.removeAllListeners('connection')

  function onFirst(this: Socket, bytes: Buffer): void {
    silent.delete(this)
    this.off('close', onClose)
      .off('end', hangUp)
      .off('error', hangUp)
      .off('timeout', hangUp)
      .setTimeout(0)
    if (takeLane(deps, this, bytes)) return waiting.requested(this)
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

function closing(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
