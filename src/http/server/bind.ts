import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { UsageError } from '../../domain/errors.ts'
import { hangUp } from './hang-up.ts'

const BACKLOG = 4_096
/** What a socket takes beyond what the kernel does, before it counts as full. */
const HIGH_WATER_MARK = 16_384
/** How often the server looks for requests that do not come in time. */
const CHECK_MS = 5_000

export interface ListenOptions {
  host: string
  port: number
  /** Whether plain requests for the feed are served beside the HTTP server, or through it. */
  feedLane: 'lean' | 'http'
  /** Of those that have not sent a whole request yet. */
  maxConnectionsPerAddress: number
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
    connectionsCheckingInterval: CHECK_MS,
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
      // After this turn, in which the server adds its listeners.
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

export type ConnectionListener = (this: Server, socket: Socket) => void

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
