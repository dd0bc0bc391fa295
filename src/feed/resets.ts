import { endOfLedger, later, ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { Interval } from '../store/read/coverage.ts'
import { block } from './frame.ts'
import type { Live } from './live.ts'
import type { Outlet } from './outlet.ts'
import type { ResetReason, Subscription } from './subscription.ts'
import type { LogView } from './view.ts'

/**
 * Positions that cannot be honoured, and what has changed before a position. The feed never goes
 * back: a reset tells the client to load its snapshot again, and the feed goes on from there.
 */
export interface Resets {
  frame(reason: ResetReason, requested: Cursor, to: Cursor): string
  /** The subscription goes on from `to`. */
  send(sub: Subscription, reason: ResetReason, to: Cursor): void
  /** Tells a replaying subscription what is to be told before it may read on from its position. */
  settle(sub: Subscription): void
  /** Ledgers of this gap are known now: marks the subscriptions that have passed them. */
  healed(ledgers: Interval): void
  /** Streams have changed without an event: marks all subscriptions. */
  renewed(): void
  /** Whether a client that comes back with this position may have missed such a change. */
  hasMissed(position: Cursor): boolean
  /** The network itself has not got to this position. */
  isBeyondNetwork(position: Cursor): boolean
}

/** A change before the log's end as it was then, of which those after `reach` have to be told. */
interface Correction {
  reach: Cursor
  /** Where the log ended: who comes back with a later position has seen the change. */
  end: Cursor
}

const MOST_CORRECTIONS = 64

export function createResets(deps: {
  view: LogView
  live(): Live
  outlet: Outlet
  everyone(): Iterable<Subscription>
  positionOf(sub: Subscription): Cursor
  /** The newest ledger of the network, if it is known. */
  tip(): number | undefined
}): Resets {
  const { view, live, outlet, everyone, positionOf, tip } = deps
  let corrections: Correction[] = []

  function frame(reason: ResetReason, requested: Cursor, to: Cursor): string {
    const oldest = view.floor() ?? ORIGIN
    const data = { reason, requested, oldest, head: later(live().head(), to) }
    return block({ event: 'reset', data, id: to })
  }

  function send(sub: Subscription, reason: ResetReason, to: Cursor): void {
    if (sub.resumed !== 'none' && !sub.caughtUp) sub.resumed = reason
    const requested = sub.cursor
    sub.cursor = to
    outlet.send(sub, frame(reason, requested, to), to, to)
  }

  function mark(reach: Cursor): void {
    for (const sub of everyone()) {
      if (positionOf(sub) >= reach) sub.missed = true
    }
    remember({ reach, end: view.end() })
    live().tellMissed()
  }

  /** The oldest two become one that covers both: it tells too many clients rather than too few. */
  function remember(correction: Correction): void {
    corrections.push(correction)
    const [first, second, ...rest] = corrections
    if (first === undefined || second === undefined || rest.length < MOST_CORRECTIONS) return
    const reach = first.reach < second.reach ? first.reach : second.reach
    corrections = [{ reach, end: later(first.end, second.end) }, ...rest]
  }

  function isBeyondNetwork(position: Cursor): boolean {
    const network = tip()
    return network !== undefined && position > endOfLedger(network)
  }

  return {
    frame,
    send,
    settle(sub) {
      const floor = view.floor()
      if (sub.missed) {
        sub.missed = false
        send(sub, 'gap', sub.cursor)
      }
      if (floor !== undefined && sub.cursor < floor) {
        if (sub.fromOrigin) sub.cursor = floor
        else send(sub, 'expired', floor)
      } else if (sub.cursor > live().frontier() && isBeyondNetwork(sub.cursor)) {
        send(sub, 'ahead', live().head())
      }
      sub.fromOrigin &&= floor === undefined
    },
    healed: ({ from }) => mark(endOfLedger(from)),
    renewed: () => mark(ORIGIN),
    hasMissed: (position) =>
      corrections.some(({ reach, end }) => reach <= position && position <= end),
    isBeyondNetwork,
  }
}
