import type { Socket } from 'node:net'
import { tooManyConnections } from '../problem.ts'
import type { SendProblem } from './refusal.ts'

/**
 * A limit per host on connections that have not sent their next request, or only a part of it. Each
 * of them costs a file descriptor, and a client can open many without sending a byte. The limit is
 * per host because nothing else is known about a silent connection.
 *
 * When hundreds of connections come at once, Node accepts all of them before it reads a byte of
 * any. So a connection beyond the limit has a moment to send its request, and is refused after
 * that. If the request comes in time it is answered, but the connection is not kept alive.
 */
export interface WaitingConnections {
  /** A connection was accepted: it waits for its first request. */
  opened(socket: Socket): void
  /** Its whole request has arrived. */
  requested(socket: Socket): void
  /** Whether the connection could now wait for another request. */
  hasRoom(socket: Socket): boolean
  /** Its request was answered: it waits for the next one, or is closed if there is no room. */
  answered(socket: Socket): void
}

export interface WaitingOptions {
  /** Connections of one host. */
  most: number
  /** Undefined: the connection does not count. */
  hostOf(remoteAddress: string): string | undefined
  sendProblem: SendProblem
  /** Calls back after the moment that a connection beyond the limit has. */
  later?: (callback: () => void) => NodeJS.Timeout
}

const MOMENT_MS = 100

interface Waiting {
  host: string
  /** Runs for a connection beyond the limit. */
  timer: NodeJS.Timeout | undefined
}

export function createWaitingConnections({
  most,
  hostOf,
  sendProblem,
  later = (callback) => setTimeout(callback, MOMENT_MS),
}: WaitingOptions): WaitingConnections {
  const byHost = new Map<string, number>()
  const waiting = new Map<Socket, Waiting>()

  function add(socket: Socket): Waiting | undefined {
    const host = hostOf(socket.remoteAddress ?? '')
    if (host === undefined || socket.destroyed || waiting.has(socket)) return undefined
    const entry: Waiting = { host, timer: undefined }
    waiting.set(socket, entry)
    byHost.set(host, countOf(host) + 1)
    socket.on('close', onClose)
    return entry
  }

  function remove(socket: Socket): void {
    const entry = waiting.get(socket)
    if (entry === undefined) return
    clearTimeout(entry.timer)
    socket.off('close', onClose)
    waiting.delete(socket)
    const left = countOf(entry.host) - 1
    if (left === 0) byHost.delete(entry.host)
    else byHost.set(entry.host, left)
  }

  function onClose(this: Socket): void {
    remove(this)
  }

  function countOf(host: string): number {
    return byHost.get(host) ?? 0
  }

  function hasRoom(socket: Socket): boolean {
    const host = hostOf(socket.remoteAddress ?? '')
    return host === undefined || countOf(host) < most
  }

  function refuse(socket: Socket): void {
    remove(socket)
    // A client that has sent nothing does not wait for an answer.
    if (socket.bytesRead > 0) sendProblem(socket, tooManyConnections(most))
    else socket.destroy()
  }

  return {
    opened(socket) {
      const entry = add(socket)
      if (entry !== undefined && countOf(entry.host) > most) {
        entry.timer = later(() => refuse(socket))
      }
    },
    requested: remove,
    hasRoom,
    answered(socket) {
      // There was room when the answer was sent, but others may have taken it since.
      if (hasRoom(socket)) add(socket)
      else socket.destroySoon()
    },
  }
}
