import { endOfLedger, later, ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import { EVERYTHING } from '../domain/filter.ts'
import type { Gap } from '../store/read/coverage.ts'
import { resetFrame } from './control-frames.ts'
import type { FeedCounters } from './counters.ts'
import type { Groups } from './groups.ts'
import type { FeedLimits } from './limits.ts'
import type { Outlet } from './outlet.ts'
import { bytesOf, pageDeliveries, resetDelivery, serve } from './round.ts'
import type { Delivery, Payload, Round } from './round.ts'
import type { Subscription } from './subscription.ts'
import type { LogView } from './view.ts'

/** Entries per page: bounds what one burst can put into a stalled socket. */
const LIVE_PAGE = 128
/** Milliseconds of work before the event loop gets its turn. */
const TURN_MS = 4

/**
 * The subscriptions at the head of the log. Each page is read once, encoded once and given to every
 * subscription that it concerns. One page on its way is a round; it can take several turns of the
 * event loop. A subscription that goes live during a round already has that page from its replay.
 */
export interface Live {
  /** Every live subscription has been given everything up to here. */
  head(): Cursor
  /** What a replaying subscription must reach to go live: the head, or the end of the round. */
  frontier(): Cursor
  /** The position of a live subscription. */
  position(sub: Subscription): Cursor
  /** Adds a subscription that has reached the frontier. */
  join(sub: Subscription): void
  /** Delivers everything up to the log's end, as it was at the last look. */
  advance(): void
  /** Sends a reset to the live subscriptions that are marked `missed`. */
  resetMissed(): void
}

export interface LiveDeps {
  view: LogView
  groups: Groups
  outlet: Outlet
  counters: FeedCounters
  limits: Pick<Required<FeedLimits>, 'writesPerTurn'>
  /** All subscriptions, in any mode. */
  subscriptions(): Iterable<Subscription>
  /** Called after the writes of one turn, with the seconds since the log was looked at. */
  written(seconds: number): void
  /** Called when the head has moved. */
  moved(): void
}

export function createLive(deps: LiveDeps): Live {
  const { view, groups, outlet, counters, subscriptions, written, moved } = deps
  const { writesPerTurn } = deps.limits
  let head = view.end()
  let round: Round | undefined
  /** The number of the last round. */
  let number = 0
  /** The gap that begins at the head. */
  let gap: Gap | undefined
  let isResetDue = false
  let isScheduled = false
  let lookedAt = 0

  function advance(): void {
    if (isScheduled) return
    if (round === undefined) lookedAt = performance.now()
    work()
  }

  function work(): void {
    const end = performance.now() + TURN_MS
    let writes = 0
    while ((round ??= nextRound()) !== undefined) {
      writes += serve(round, { most: writesPerTurn - writes, end, give })
      if (round.done === round.deliveries.length) finish(round)
      if (writes < writesPerTurn && performance.now() < end) continue
      schedule()
      break
    }
    if (writes > 0) written((performance.now() - lookedAt) / 1_000)
  }

  function schedule(): void {
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      work()
    })
  }

  function nextRound(): Round | undefined {
    if (gap !== undefined) {
      const beyond = later(head, endOfLedger(gap.to))
      gap = undefined
      return resetRound([...subscriptions()], beyond)
    }
    if (isResetDue) {
      isResetDue = false
      const marked = [...subscriptions()].filter(({ missed }) => missed)
      return resetRound(marked, head)
    }
    return head < view.end() ? pageRound() : undefined
  }

  function startRound(deliveries: Delivery[], way: Pick<Round, 'reached' | 'gap'>): Round {
    number += 1
    return { number, deliveries, done: 0, served: 0, reached: way.reached, gap: way.gap }
  }

  function resetRound(subs: readonly Subscription[], to: Cursor): Round {
    const oldest = view.floor() ?? ORIGIN
    const text = resetFrame({ reason: 'gap', requested: head, oldest, head: later(head, to), to })
    return startRound([resetDelivery(subs, { text, last: to })], { reached: to, gap: undefined })
  }

  function pageRound(): Round {
    // If no subscription is live, the log need not be read.
    const target = view.end()
    if (groups.live() === 0) return startRound([], { reached: target, gap: undefined })
    const reading = view.read({ filter: EVERYTHING, after: head, target, limit: LIVE_PAGE })
    return startRound(pageDeliveries(reading.entries, groups), reading)
  }

  /** False if it needs nothing: it has left the head since, or came back beyond the round. */
  function give(sub: Subscription | undefined, payload: Payload, current: Round): boolean {
    if (sub === undefined || sub.mode !== 'live' || sub.round === current.number) return false
    sub.round = current.number
    if (payload.isReset) {
      sub.missed = false
      sub.sent = payload.last
    } else {
      counters.delivered += payload.parts.length
    }
    outlet.write(sub, bytesOf(payload, sub.chunked), current.reached)
    return true
  }

  function finish(current: Round): void {
    head = current.reached
    gap = current.gap
    round = undefined
    moved()
  }

  return {
    head: () => head,
    frontier: () => round?.reached ?? head,
    position: ({ round: given }) => {
      return round !== undefined && given === round.number ? round.reached : head
    },
    join(sub) {
      sub.round = number
      groups.join(sub)
    },
    advance,
    resetMissed() {
      isResetDue = true
      advance()
    },
  }
}
