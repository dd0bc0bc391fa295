import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { createHolderOf, originOf } from './address.ts'
import type { Origin } from './address.ts'
import { createApp } from './app.ts'
import type { HttpDeps } from './app.ts'
import { bindServer } from './bind.ts'
import type { BoundServer, ConnectionListener, ListenOptions } from './bind.ts'
import { createForwardedWatch } from './forwarded.ts'
import { badHttp, PROBLEM_TYPE } from './problem.ts'
import { answerSubscribe, SUBSCRIBE_METHODS, SUBSCRIBE_PATH, takeLane } from './subscribe.ts'

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
      return app.fetch(request, { address, outgoing: outgoing as ServerResponse })
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

function closing(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
