import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'

/** The connections to one server. */
export interface Connections {
  /** The pool for the next request. */
  pool(): http.Agent
  /**
   * Must be called for each new request. The result says whether the server may have closed the
   * request's connection before the request arrived.
   */
  follow(request: http.ClientRequest): () => boolean
  /** The next request uses a new connection. Open requests continue. */
  reconnect(): void
  /** How many connections were opened. Those that follow a `Connection: close` do not count. */
  opened(): number
}

/**
 * How long an idle connection is kept: longer than many ledgers take, and shorter than routers keep
 * it. If the server keeps it for less, it says so in `Keep-Alive`, which Node obeys, or just
 * closes.
 */
const IDLE_MS = 60_000
/**
 * No server closes a connection after a shorter idle time. If one breaks after a longer idle time,
 * the server most likely closed it before the request arrived.
 */
const REST_MS = 1_000

/** `now`: milliseconds of a clock that never goes back. */
export function createConnections({ protocol }: URL, now: () => number): Connections {
  const { Agent } = protocol === 'https:' ? https : http
  const createPool = () => new Agent({ keepAlive: true, timeout: IDLE_MS })
  let pool = createPool()
  const usedAt = new WeakMap<Socket, number>()
  let opened = 0
  /** If a server keeps no connection, a new one does not mean a new node. */
  let keepsConnections = true

  return {
    pool: () => pool,

    follow(request) {
      let mayBeStale = false
      request.once('socket', (socket) => {
        if (!request.reusedSocket && keepsConnections) opened += 1
        mayBeStale = now() - (usedAt.get(socket) ?? now()) >= REST_MS
        request.once('close', () => usedAt.set(socket, now()))
      })
      request.once('response', ({ headers }) => {
        keepsConnections = headers.connection !== 'close'
      })
      return () => mayBeStale
    },

    reconnect() {
      const { freeSockets } = pool
      // Connections in use are closed as soon as their answer has come.
      pool.maxFreeSockets = 0
      for (const socket of Object.values(freeSockets).flat()) socket?.destroy()
      pool = createPool()
    },

    opened: () => opened,
  }
}
