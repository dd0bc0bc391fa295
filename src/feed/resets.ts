import { endOfLedger, later, ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { Interval } from '../store/read/coverage.ts'
import { resetFrame } from './control-frames.ts'
import type { ResetReason } from './control-frames.ts'
import type { Live } from './live.ts'
import type { Outlet } from './outlet.ts'
import type { Subscription } from './subscription.ts'
import type { LogView } from './view.ts'

/**
 * Decides when a client must load its snapshot again: its position cannot be used, or something
 * before its position has changed. The feed never goes back; it continues from the reset's id.
 */
export interface Resets {
  /** The subscription continues from `to`. */
  send(sub: Subscription, reset: Reset): void
  /** Whether `settle` has something to do for this subscription. */
  isDue(sub: Subscription): boolean
  /** Sends a replaying subscription the reset that must come before its next page, if any. */
  settle(sub: Subscription): void
  /** These missing ledgers have been filled: marks the subscriptions that have passed them. */
  filled(ledgers: Interval): void
  /** Streams have changed without an event: marks all subscriptions. */
  markAll(): void
}

interface Reset {
  reason: ResetReason
  to: Cursor
}

export function createResets(deps: {
  view: LogView
  live: Live
  outlet: Outlet
  subscriptions(): Iterable<Subscription>
  positionOf(sub: Subscription): Cursor
  /** The newest ledger of the network, if it is known. */
  tip(position: Cursor): number | undefined
}): Resets {
  const { view, live, outlet, subscriptions, positionOf, tip } = deps

  function send(sub: Subscription, { reason, to }: Reset): void {
    if (sub.resumed !== 'none' && !sub.caughtUp) sub.resumed = reason
    const { cursor: requested } = sub
    sub.cursor = to
    const oldest = view.floor() ?? ORIGIN
    const text = resetFrame({ reason, requested, oldest, head: later(live.head(), to), to })
    outlet.send(sub, text, to)
  }

  function mark(reach: Cursor): void {
    for (const sub of subscriptions()) {
      if (positionOf(sub) >= reach) sub.missed = true
    }
    live.resetMissed()
  }

  function isExpired({ cursor }: Subscription): boolean {
    return cursor < (view.floor() ?? ORIGIN)
  }

  /** A position beyond our log can be right, as long as the network can have reached it. */
  function isBeyondNetwork({ cursor }: Subscription): boolean {
    if (cursor <= live.frontier()) return false
    const newest = tip(cursor)
    return newest !== undefined && cursor > endOfLedger(newest)
  }

  return {
    send,
    isDue: (sub) => sub.missed || isExpired(sub) || isBeyondNetwork(sub),
    settle(sub) {
      const floor = view.floor()
      if (sub.missed) {
        sub.missed = false
        send(sub, { reason: 'gap', to: sub.cursor })
      }
      if (floor !== undefined && isExpired(sub)) {
        if (sub.fromOrigin) sub.cursor = floor
        else send(sub, { reason: 'expired', to: floor })
      } else if (isBeyondNetwork(sub)) {
        send(sub, { reason: 'ahead', to: live.head() })
      }
      sub.fromOrigin &&= floor === undefined
    },
    filled: ({ from }) => mark(endOfLedger(from)),
    markAll: () => mark(ORIGIN),
  }
}
