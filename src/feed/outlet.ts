import type { Cursor } from '../domain/cursor.ts'
import type { FeedCounters } from './counters.ts'
import { toBytes, framed } from './frame.ts'
import type { Subscription } from './subscription.ts'

/** Milliseconds of one tick of the feed's clock. */
export const TICK_MS = 250

/** Time in whole ticks since the feed began: small integers, which cost a subscription nothing. */
export function createClock(now: () => number): () => number {
  const began = now()
  return () => Math.floor((now() - began) / TICK_MS)
}

/**
 * Every write to an open subscription. The calls are made for each subscription and commit, so they
 * take plain parameters and create no object.
 */
export interface Outlet {
  /**
   * Writes to the socket; the buffer must not be changed afterwards. If the socket is now full, the
   * subscription stalls, and continues after `through` when there is room.
   */
  write(sub: Subscription, data: Buffer | string, through: Cursor): void
  /** Writes a control frame whose id is `id`: that becomes the client's position. */
  send(sub: Subscription, text: string, id: Cursor): void
}

export function createOutlet(deps: {
  counters: FeedCounters
  clock(): number
  /** The socket is full. */
  filled(sub: Subscription, through: Cursor): void
}): Outlet {
  const { counters, clock, filled } = deps

  function write(sub: Subscription, data: Buffer | string, through: Cursor): void {
    const { socket } = sub
    sub.writtenAt = clock()
    counters.bytes += data.length
    // A large page exceeds the high-water mark for a moment, however fast the client reads: what
    // counts is whether anything is left after the write.
    if (!socket.write(data, 'utf8') && socket.writableLength > 0) filled(sub, through)
  }

  return {
    write,
    send(sub, text, id) {
      sub.sent = id
      write(sub, framed(toBytes(text), sub.chunked), id)
    },
  }
}
