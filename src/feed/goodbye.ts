import type { Clock } from '../domain/clock.ts'
import { reconnectFrame } from './control-frames.ts'
import type { GoodbyeReason } from './control-frames.ts'
import { framed, LAST_CHUNK, toBytes } from './frame.ts'
import type { FeedLimits } from './limits.ts'
import type { Subscription } from './subscription.ts'

/** How the feed ends a subscription: with a `reconnect` frame and a clean end of the response. */
export interface Goodbye {
  /** The `retry:` of a client: how long it waits before it reconnects, in milliseconds. */
  retryMs(): number
  /** False if it was closed before. */
  say(sub: Subscription, reason: GoodbyeReason): boolean
  /** Ends all of them, spread over `spreadMs`. Returns how many were still open. */
  sayToAll(subs: readonly Subscription[], ending: Ending): Promise<number>
}

interface Ending {
  reason: GoodbyeReason
  spreadMs: number
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

  function say(sub: Subscription, reason: GoodbyeReason): boolean {
    if (!remove(sub, reason)) return false
    const { socket, chunked } = sub
    socket.write(framed(toBytes(reconnectFrame(retryMs(), reason)), chunked))
    if (chunked) socket.write(LAST_CHUNK)
    socket.end()
    // A client that never reads would hold the socket open forever.
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy())
    return true
  }

  return {
    retryMs,
    say,
    async sayToAll(subs, { reason, spreadMs }) {
      let count = 0
      const perStep = Math.ceil(subs.length / STEPS)
      for (let from = 0; from < subs.length; from += perStep) {
        if (from > 0) await sleep(spreadMs / STEPS)
        for (const sub of subs.slice(from, from + perStep)) if (say(sub, reason)) count += 1
      }
      return count
    },
  }
}
