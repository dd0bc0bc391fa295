import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { UsageError } from '../../domain/errors.ts'
import { hangUp } from './hang-up.ts'

const BACKLOG = 4_096
/** How many bytes a socket buffers, besides the kernel, before it counts as full. */
const HIGH_WATER_MARK = 16_384
/** How often the server looks for requests that have taken too long to arrive. */
const CHECK_MS = 5_000

export interface BindOptions {
  host: string
  port: number
  /** Whether other processes listen on the same port. */
  reusePort?: boolean
}

/** A server that has its port. Connections wait until it is opened. */
export interface BoundServer {
  server: Server
  /** Serves the connections that wait, and all that come. */
  open(): void
}

/** Takes the port; throws a UsageError if that fails. */
export async function bindServer(options: BindOptions): Promise<BoundServer> {
  const server = createServer({
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    noDelay: true,
    highWaterMark: HIGH_WATER_MARK,
    connectionsCheckingInterval: CHECK_MS,
  })
  // They wait because a refusal would be final: after a refusal EventSource does not try again.
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
      // In the next turn, because the server adds its listeners in this one.
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

async function bind(server: Server, { host, port, reusePort = false }: BindOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host, port, reusePort, backlog: BACKLOG }, resolve)
  try {
    await promise
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EADDRINUSE') {
      const sharing = reusePort ? '; an indexer shares its port only with SHARE_PORT=true' : ''
      throw new UsageError(portIsTaken(host, port) + sharing, { cause })
    }
    if (reusePort && code === 'ENOTSUP') {
      throw new UsageError('on this system processes cannot share a port: run a single "start"', {
        cause,
      })
    }
    throw new UsageError(`cannot listen on ${host}:${port} (${String(cause)}): set HOST and PORT`, {
      cause,
    })
  }
}

export function portIsTaken(host: string, port: number): string {
  return `port ${port} on ${host} is taken by another program: stop it, or choose another port with PORT=${port + 1}`
}
