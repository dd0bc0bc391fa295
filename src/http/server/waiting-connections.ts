import type { Socket } from 'node:net'
import { tooManyConnections } from '../problem.ts'
import { sendProblem } from './refusal.ts'

/**
 * A limit for connections whose next request has not come, whole, yet: each costs a descriptor, and
 * whoever opens them need not say a word. The limit is for a host, because nothing else is known
 * of a connection that is silent.
 *
 * Hundreds of connections that come at once are accepted before the first byte of any is read. So
 * one beyond the limit has a moment to send its request; only then is it refused. Its request is
 * answered, but it is not kept alive.
 */
export interface WaitingConnections {
  /** A connection was accepted: it waits for its first request. */
  opened(socket: Socket): void
  /** Its request is here, whole. */
  requested(socket: Socket): void
  /** Whether it may, as it looks now, wait for another request after this one. */
  hasRoom(socket: Socket): boolean
  /** Its request was answered: it waits for the next, or is closed where there is no room. */
  answered(socket: Socket): void
}

export interface WaitingOptions {
  /** Of one host. */
  most: number
  /** Undefined: the connection does not count. */
  hostOf(remoteAddress: string): string | undefined
  /** Calls back when a connection beyond the limit has had its moment. */
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
    // Who has said nothing waits for no answer.
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
      // Many may have been answered since each was told that it is kept.
      if (hasRoom(socket)) add(socket)
      else socket.destroySoon()
    },
  }
}
