import type { Clock } from '../domain/clock.ts'
import { block, framed, LAST_CHUNK, toBytes } from './frame.ts'
import type { Subscription } from './subscription.ts'

export type GoodbyeReason = 'shutdown' | 'max_age'

/** The end of a subscription that is not the client's doing: a frame, and a clean end. */
export interface Goodbye {
  /** How long the client is to wait before it comes back, in milliseconds. */
  retryMs(): number
  say(sub: Subscription, reason: GoodbyeReason): void
  /** Says it to all of them, spread over `spreadMs`. */
  toAll(subs: readonly Subscription[], spreadMs: number): Promise<void>
}

const STEPS = 30
/** How long a finished response may wait for its client to close. */
const TIMEOUT_MS = 1_500

export function createGoodbye(deps: {
  reconnectMs: { from: number; to: number }
  random(): number
  sleep: Clock['sleep']
  /** Takes it out; false if that has been done. */
  remove(sub: Subscription, reason: GoodbyeReason): boolean
}): Goodbye {
  const { reconnectMs, random, sleep, remove } = deps

  /** Different for each client, or they would all come back at once. */
  function retryMs(): number {
    const { from, to } = reconnectMs
    return from + Math.floor(random() * (to - from))
  }

  function say(sub: Subscription, reason: GoodbyeReason): void {
    if (!remove(sub, reason)) return
    const { socket, chunked } = sub
    const text = block({ retry: retryMs(), event: 'reconnect', data: { reason } })
    socket.write(framed(toBytes(text), chunked))
    if (chunked) socket.write(LAST_CHUNK)
    socket.end()
    // A client that never reads would hold the socket open for good.
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy())
  }

  return {
    retryMs,
    say,
    async toAll(subs, spreadMs) {
      const each = Math.ceil(subs.length / STEPS)
      for (let from = 0; from < subs.length; from += each) {
        if (from > 0) await sleep(spreadMs / STEPS)
        for (const sub of subs.slice(from, from + each)) say(sub, 'shutdown')
      }
    },
  }
}
