import type { Cursor } from '../domain/cursor.ts'
import type { FeedCounters } from './counters.ts'
import { toBytes, framed } from './frame.ts'
import type { Subscription } from './subscription.ts'

/** Milliseconds of one tick of the feed's clock. */
export const TICK_MS = 250

/** Time in whole ticks, since the feed began: ten thousand of them cost nothing to keep. */
export function createClock(now: () => number): () => number {
  const began = now()
  return () => Math.floor((now() - began) / TICK_MS)
}

/** The one place that writes to sockets. */
export interface Outlet {
  /**
   * Hands bytes to the socket, whose they are from then on. A socket that is full makes the
   * subscription leave the head: it goes on from `through` when there is room.
   */
  write(sub: Subscription, data: Buffer | string, through: Cursor): void
  /** A control frame, which says that its client is at `id`, if it says so. */
  send(sub: Subscription, text: string, through: Cursor, id?: Cursor): void
}

export function createOutlet(deps: {
  counters: FeedCounters
  clock(): number
  stalled(sub: Subscription, through: Cursor): void
}): Outlet {
  const { counters, clock, stalled } = deps

  function write(sub: Subscription, data: Buffer | string, through: Cursor): void {
    const { socket } = sub
    sub.writtenAt = clock()
    counters.bytes += data.length
    // A large page is over the mark for a moment, however fast the peer: what counts is what is left.
    if (!socket.write(data, 'utf8') && socket.writableLength > 0) stalled(sub, through)
  }

  return {
    write,
    send(sub, text, through, id) {
      if (id !== undefined) sub.sent = id
      write(sub, framed(toBytes(text), sub.chunked), through)
    },
  }
}
