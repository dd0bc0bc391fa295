import type { Socket } from 'node:net'
import type { Subscription } from './subscription.ts'

/**
 * The open subscriptions, by socket. Each kind of socket event has one listener for all sockets, so
 * that a subscription costs no closure.
 */
export interface Connections {
  add(sub: Subscription): void
  delete(sub: Subscription): void
  size(): number
  all(): IterableIterator<Subscription>
}

export function createConnections(on: {
  /** The socket has room again. */
  drained(sub: Subscription): void
  /** The socket has taken nothing for as long as its time-out. */
  timedOut(sub: Subscription): void
  /** The client has gone. */
  closed(sub: Subscription): void
}): Connections {
  const subs = new Map<Socket, Subscription>()

  function onDrain(this: Socket): void {
    const sub = subs.get(this)
    if (sub !== undefined) on.drained(sub)
  }

  function onTimeout(this: Socket): void {
    const sub = subs.get(this)
    if (sub !== undefined) on.timedOut(sub)
  }

  function onClose(this: Socket): void {
    const sub = subs.get(this)
    if (sub !== undefined) on.closed(sub)
  }

  return {
    add(sub) {
      subs.set(sub.socket, sub)
      sub.socket.on('drain', onDrain).on('timeout', onTimeout).on('close', onClose)
    },
    delete: (sub) => void subs.delete(sub.socket),
    size: () => subs.size,
    all: () => subs.values(),
  }
}
