/**
 * The feed: every subscription is a cursor over the log. After a commit the feed reads the new
 * entries once, encodes each once, and gives the same bytes to every live subscription that they
 * match. A subscription behind the head reads its own pages, in small steps, until nothing lies
 * between it and the live ones. That check and going live are one synchronous step, so no commit
 * can come between them. The feed waits for no client. A lost wake-up costs time, never an event.
 *
 * This file is the state machine. No other file changes the mode of a subscription:
 *
 * | from                   | to        | when                                      | function           |
 * | ---------------------- | --------- | ----------------------------------------- | ------------------ |
 * | (new)                  | replaying | it is admitted                            | `subscribe`        |
 * | replaying              | live      | it has reached the frontier               | `arrive`           |
 * | replaying              | ahead     | its position is beyond our log            | `arrive`           |
 * | ahead                  | replaying | the log has reached it, or a reset is due | `fallBackToReplay` |
 * | live, ahead, replaying | stalled   | its socket is full                        | `stall`            |
 * | stalled                | replaying | its socket has drained                    | `resume`           |
 * | stalled                | closed    | it has read nothing for too long          | `giveUp`           |
 * | any                    | closed    | the client has gone, or `goodbye.ts`      | `remove`           |
 *
 * - what each mode does: `live.ts` (with `round.ts`, `groups.ts`), `replay.ts` (with `queues.ts`,
 *   `pages.ts`), `ahead.ts`; a stalled subscription only waits
 * - how a subscription begins and ends: `opening.ts`, `admission.ts`, `heartbeat.ts` (with
 *   `wheel.ts`), `goodbye.ts`
 * - what a client must load again: `resets.ts`
 * - what is read and written: `view.ts` (the log), `frame.ts` and `control-frames.ts` (SSE text),
 *   `dialect.ts` (events for clients of another API), `outlet.ts` (writes), `connections.ts` (socket events)
 * - one subscription and all of them: `subscription.ts`, `counters.ts`, `stats.ts` (with `rate.ts`),
 *   `limits.ts`
 * - for operators: `operators.ts`, `operation.ts` (the words), `listing.ts`, `announcements.ts`
 */
import type { Logger } from 'pino'
import { realClock } from '../domain/clock.ts'
import type { Clock } from '../domain/clock.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { Places } from '../domain/places.ts'
import { createSlices } from '../domain/slices.ts'
import type { Slices } from '../domain/slices.ts'
import { createAdmission, createReserve } from './admission.ts'
import type { Holder, Refusal, Reserve } from './admission.ts'
import { createAhead } from './ahead.ts'
import { createAnnouncements } from './announcements.ts'
import { createConnections } from './connections.ts'
import { caughtUpFrame } from './control-frames.ts'
import { createCounters } from './counters.ts'
import type { CloseReason, FeedCounters } from './counters.ts'
import { framedText } from './frame.ts'
import { createGoodbye } from './goodbye.ts'
import { createGroups } from './groups.ts'
import { createHeartbeat } from './heartbeat.ts'
import { withDefaults } from './limits.ts'
import type { FeedLimits } from './limits.ts'
import { createLive } from './live.ts'
import { createOpening } from './opening.ts'
import type { SubscribeRequest } from './opening.ts'
import { createOperators } from './operators.ts'
import type { Operators } from './operators.ts'
import { createClock, createOutlet } from './outlet.ts'
import { createReplay } from './replay.ts'
import { createResets } from './resets.ts'
import { createStats } from './stats.ts'
import type { FeedStats } from './stats.ts'
import { isReplaying } from './subscription.ts'
import type { Subscription } from './subscription.ts'
import { createLogView } from './view.ts'
import type { FeedStore } from './view.ts'

export interface FeedDeps {
  store: FeedStore
  /**
   * The network's newest ledger, as is known now; undefined if it is not known yet for this
   * position. Asked only for a position beyond the log.
   */
  tip(position: Cursor): number | undefined
  limits: FeedLimits
  /** Counts the subscriptions of addresses and users over all processes; undefined: one is alone. */
  places?: Places | undefined
  logger: Logger
  /** Shares the time for long work, with REST if both have the same. */
  slices?: Slices
  random?: () => number
  /** Measures heartbeats, ages and goodbyes. */
  now?: Clock['now']
  sleep?: Clock['sleep']
  /** Called after the writes of one turn, with the seconds since the feed was woken for them. */
  written?: (seconds: number) => void
}

export interface Feed {
  /** Why another subscription of this holder from this position must be refused, if so. */
  refusal(holder: Holder, cursor: string): Refusal | undefined
  /**
   * Takes a place for the holder, whose subscriptions in other processes count too; undefined if there
   * are no other processes. It comes after `refusal`, which then must be asked again.
   */
  reserve: Reserve | undefined
  /** Gives a place back that no subscription has got. */
  giveBack(place: number): void
  /** Counts a subscription that was refused. */
  countRefusal(refusal: Refusal): void
  /** Takes the socket over; to be called only if `refusal` gives no reason not to. */
  subscribe(request: SubscribeRequest): void
  /** The log can have moved: look at it again. */
  wake(): void
  /** Streams have changed without an event: every client must load its snapshot again. */
  resetAll(): void
  stats(): FeedStats
  counters(): Readonly<FeedCounters>
  /** Does what an operator asks, over the subscriptions of this process. */
  operate: Operators
  /** Refuses new subscriptions, and ends the open ones, spread over `spreadMs`. Then nothing reads the log. */
  close(spreadMs: number): Promise<void>
}

export function createFeed(deps: FeedDeps): Feed {
  const { store, tip, logger, places, slices = createSlices(), written = () => {} } = deps
  const { random = Math.random, now = realClock.now, sleep = realClock.sleep } = deps
  const limits = withDefaults(deps.limits)
  const counters = createCounters()
  const admission = createAdmission(limits)
  const groups = createGroups()
  const view = createLogView(store)
  const clock = createClock(now)
  const connections = createConnections({
    drained: resume,
    timedOut: giveUp,
    closed: (sub) => remove(sub, 'client'),
  })
  const subscriptions = connections.all
  const outlet = createOutlet({ counters, clock, filled: stall })
  const common = { limits, counters, admission, groups, view, outlet, clock, random, positionOf }
  const live = createLive({ ...common, subscriptions, written, moved: () => ahead.settle() })
  const resets = createResets({ ...common, subscriptions, live, tip })
  const ahead = createAhead({ live, resets, released: fallBackToReplay })
  const replay = createReplay({ ...common, live, resets, slices, look, arrived: arrive })
  const goodbye = createGoodbye({ ...common, sleep, remove })
  const opening = createOpening({ ...common, live, goodbye })
  const aged = (sub: Subscription) => goodbye.say(sub, sub.endsFor)
  const announcements = createAnnouncements(common)
  const heartbeat = createHeartbeat({ ...common, ticked, aged })
  const stats = createStats({ counters, admission, subscriptions, now })
  /** The places of subscriptions, if other processes count them too. */
  const placeOf = new WeakMap<Subscription, number>()

  function positionOf(sub: Subscription): Cursor {
    return sub.mode === 'live' ? live.position(sub) : sub.cursor
  }

  function subscribe(request: SubscribeRequest): void {
    const sub = opening.admit(request)
    counters.opened += 1
    connections.add(sub)
    if (request.place !== undefined) placeOf.set(sub, request.place)
    heartbeat.add(sub)
    const { cursor, chunked } = sub
    const text = framedText(opening.firstFrame(request, cursor), chunked)
    outlet.write(sub, (request.head ?? '') + text, cursor)
    // The write can have filled the socket.
    if (isReplaying(sub)) replay.enqueue(sub)
  }

  function arrive(sub: Subscription): void {
    if (sub.cursor > live.frontier()) {
      sub.mode = 'ahead'
      ahead.add(sub)
    } else {
      sub.mode = 'live'
      live.join(sub)
    }
    if (!sub.caughtUp) tellCaughtUp(sub)
  }

  function tellCaughtUp(sub: Subscription): void {
    sub.caughtUp = true
    if (sub.countsAsReplaying) admission.caughtUp()
    sub.countsAsReplaying = false
    if (sub.resumed !== 'none') counters.resumed[sub.resumed] += 1
    const cursor = positionOf(sub)
    outlet.send(sub, caughtUpFrame(cursor), cursor)
  }

  function stall(sub: Subscription, through: Cursor): void {
    if (sub.mode === 'stalled' || sub.mode === 'closed') return
    leaveMode(sub)
    sub.cursor = through
    sub.mode = 'stalled'
    // Node restarts this time-out whenever the socket takes something, however little.
    sub.socket.setTimeout(limits.stallTimeoutMs)
  }

  function resume(sub: Subscription): void {
    if (sub.mode !== 'stalled') return
    sub.socket.setTimeout(0)
    fallBackToReplay(sub)
    announcements.resumed(sub)
  }

  function fallBackToReplay(sub: Subscription): void {
    sub.mode = 'replaying'
    replay.enqueue(sub)
  }

  function giveUp(sub: Subscription): void {
    if (sub.mode !== 'stalled') return
    const { clientId, address, cursor } = sub
    logger.debug({ clientId, address, cursor }, 'subscription stalled')
    remove(sub, 'stalled')
    sub.socket.destroy()
  }

  /** False if it was removed before. */
  function remove(sub: Subscription, reason: CloseReason): boolean {
    if (sub.mode === 'closed') return false
    leaveMode(sub)
    sub.mode = 'closed'
    heartbeat.delete(sub)
    connections.delete(sub)
    if (groups.exit(sub.group)) replay.dropPages(sub.group)
    admission.release(sub, sub.countsAsReplaying)
    const place = placeOf.get(sub)
    if (place !== undefined) places?.release(place)
    counters.closed[reason] += 1
    if (connections.size() === 0) heartbeat.rest()
    return true
  }

  function leaveMode(sub: Subscription): void {
    groups.leave(sub)
    replay.leave(sub)
    ahead.delete(sub)
  }

  function look(): void {
    const { filled, repaired } = view.look()
    if (filled !== undefined || repaired) replay.dropPages()
    if (filled !== undefined) resets.filled(filled)
  }

  function ticked(): void {
    ahead.settle()
    stats.note()
    replay.sweep(clock())
  }

  return {
    refusal: opening.refusal,
    reserve: places && createReserve(places, limits),
    giveBack: (place) => places?.release(place),
    countRefusal(refusal) {
      counters.refused[refusal] += 1
    },
    subscribe,
    wake() {
      look()
      live.advance()
      ahead.settle()
    },
    resetAll() {
      view.invalidate()
      replay.dropPages()
      resets.markAll()
      ahead.settle()
    },
    stats: stats.read,
    counters: () => counters,
    operate: createOperators({ ...common, goodbye, announcements, subscriptions }),
    async close(spreadMs) {
      admission.shut()
      await goodbye.sayToAll([...subscriptions()], { reason: 'shutdown', spreadMs })
      replay.close()
    },
  }
}
