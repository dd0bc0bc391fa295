import type { Clock } from '../domain/clock.ts'
import { reconnectFrame } from './control-frames.ts'
import type { GoodbyeReason } from './control-frames.ts'
import { framed, LAST_CHUNK, toBytes } from './frame.ts'
import type { FeedLimits } from './limits.ts'
import type { Subscription } from './subscription.ts'

/** How the feed ends a subscription: with a `reconnect` frame and a clean end of the response. */
export interface Goodbye {
  /** How long a client is told to wait before it reconnects, in milliseconds. */
  retryMs(): number
  say(sub: Subscription, reason: GoodbyeReason): void
  /** Ends all of them for a shutdown, spread over `spreadMs`. */
  sayToAll(subs: readonly Subscription[], spreadMs: number): Promise<void>
}

const STEPS = 30
/** How long a finished response waits for its client to close the connection. */
const TIMEOUT_MS = 1_500

export function createGoodbye(deps: {
  limits: Pick<Required<FeedLimits>, 'reconnectMs'>
  random(): number
  sleep: Clock['sleep']
  /** Removes it from the feed; false if that has been done before. */
  remove(sub: Subscription, reason: GoodbyeReason): boolean
}): Goodbye {
  const { limits, random, sleep, remove } = deps

  /** Different for each client, so that they do not all come back at the same moment. */
  function retryMs(): number {
    const { from, to } = limits.reconnectMs
    return from + Math.floor(random() * (to - from))
  }

  function say(sub: Subscription, reason: GoodbyeReason): void {
    if (!remove(sub, reason)) return
    const { socket, chunked } = sub
    socket.write(framed(toBytes(reconnectFrame(retryMs(), reason)), chunked))
    if (chunked) socket.write(LAST_CHUNK)
    socket.end()
    // A client that never reads would hold the socket open forever.
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy())
  }

  return {
    retryMs,
    say,
    async sayToAll(subs, spreadMs) {
      const perStep = Math.ceil(subs.length / STEPS)
      for (let from = 0; from < subs.length; from += perStep) {
        if (from > 0) await sleep(spreadMs / STEPS)
        for (const sub of subs.slice(from, from + perStep)) say(sub, 'shutdown')
      }
    },
  }
}
