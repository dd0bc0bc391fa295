import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { realClock } from '../domain/clock.ts'
import type { Clock } from '../domain/clock.ts'
import { ledgerOf, ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { EventFilter } from '../domain/filter.ts'
import { createSlices } from '../store/slices.ts'
import type { Slices } from '../store/slices.ts'
import { createAdmission } from './admission.ts'
import type { AdmissionLimits, Holder, Refusal } from './admission.ts'
import { createCounters } from './counters.ts'
import type { CloseReason, FeedCounters } from './counters.ts'
import { block, framedText } from './frame.ts'
import { createGoodbye } from './goodbye.ts'
import { createGroups } from './groups.ts'
import { createHeartbeat } from './heartbeat.ts'
import { createLive } from './live.ts'
import type { Live } from './live.ts'
import { createClock, createOutlet, TICK_MS } from './outlet.ts'
import { createRate } from './rate.ts'
import { createReplay } from './replay.ts'
import { createResets } from './resets.ts'
import { NOT_LIVE, typesOf } from './subscription.ts'
import type { Mode, Subscription } from './subscription.ts'
import { createLogView } from './view.ts'
import type { FeedStore } from './view.ts'

export interface FeedLimits extends AdmissionLimits {
  heartbeatMs: number
  maxAgeMs: number
  stallTimeoutMs: number
  /** How long clients are told to wait before they come back, each differently. */
  reconnectMs?: { from: number; to: number }
  /** Sockets written to before the event loop gets its turn. */
  writesPerTurn?: number
}

export interface FeedDeps {
  store: FeedStore
  /** The network's newest ledger as far as this process has been told; undefined before that. */
  tip(): number | undefined
  limits: FeedLimits
  logger: Logger
  /** Shares the time for dear work; with REST, if that has the same. */
  slices?: Slices
  random?: () => number
  /** By which heartbeats, ages and goodbyes are measured. */
  now?: Clock['now']
  sleep?: Clock['sleep']
  /** Told after each turn's writes how long ago, in seconds, the feed was woken for them. */
  written?: (seconds: number) => void
}

export interface SubscribeRequest extends Holder {
  socket: Socket
  chunked: boolean
  filter: EventFilter
  /** A position, or one of the two words. */
  cursor: string
  clientId: string
  /** The response's head, ASCII: it goes out in one write with the first frame. */
  head?: string
}

export interface FeedStats {
  activeConnections: number
  maxConnections: number
  activeIps: number
  perIpPeakConnections: number
  live: number
  replaying: number
  stalled: number
  /** Events written to subscriptions, a second, over the last ten. */
  eventsPerSecond: number
}

/**
 * Every subscription is a cursor over the log. After a commit the feed reads the new entries once,
 * encodes each once and hands the same bytes to every live subscription that matches (`live.ts`).
 * One that is behind pulls its own pages, in small steps, until there is nothing between it and the
 * live ones (`replay.ts`): finding that out and going live are one synchronous step, so no commit
 * fits between them. Nothing here waits for a client, and a lost wake-up costs time and never an
 * event.
 *
 * | from | to | when |
 * |---|---|---|
 * | (new) | replaying | it has been admitted |
 * | replaying | live | nothing lies between it and the frontier; the first time: `caught_up` |
 * | replaying | ahead | its position is beyond our log, and the network may have got there |
 * | ahead | replaying | the log has reached it, or a reset is due: see `resets.ts` |
 * | live, ahead, replaying | stalled | its socket is full |
 * | stalled | replaying | its socket has drained |
 * | any | closed | the client has gone, was silent for too long, or `goodbye.ts` |
 */
export interface Feed {
  /** Whether another subscription of this holder, from this position on, has a place. */
  hasPlace(holder: Holder, cursor: string): boolean
  /** Why it has none; counted. */
  refusal(holder: Holder, cursor: string): Refusal | undefined
  /** Takes over a socket. */
  subscribe(request: SubscribeRequest): void
  /** The log may have moved: look again. */
  wake(): void
  /** Streams have changed without an event: all are told to load them anew. */
  renew(): void
  stats(): FeedStats
  counters(): Readonly<FeedCounters>
  /** Says goodbye to everyone, spread over `spreadMs`; nobody new is admitted from here on. */
  close(spreadMs: number): Promise<void>
}

const RECONNECT_MS = { from: 1_000, to: 5_000 }
/** About four milliseconds' worth. */
const WRITES_PER_TURN = 500
const SWEEP_TICKS = 40

export function createFeed(deps: FeedDeps): Feed {
  const { store, tip, limits, logger, random = Math.random, written = () => {} } = deps
  const { slices = createSlices(), now = realClock.now, sleep = realClock.sleep } = deps
  const { writesPerTurn = WRITES_PER_TURN, reconnectMs = RECONNECT_MS } = limits
  const counters = createCounters()
  const admission = createAdmission(limits)
  const rate = createRate()
  const groups = createGroups()
  const view = createLogView(store)
  const clock = createClock(now)
  const subs = new Map<Socket, Subscription>()
  /** Their position is one that this process has not reached. */
  const ahead = new Set<Subscription>()
  const everyone = () => subs.values()
  const outlet = createOutlet({ counters, clock, stalled: stall })
  const resets = createResets({ view, live: () => live, outlet, everyone, positionOf, tip })
  const live: Live = createLive({
    view,
    groups,
    outlet,
    counters,
    writesPerTurn,
    everyone,
    resetFrame: (requested, to) => resets.frame('gap', requested, to),
    written,
    moved: settleAhead,
  })
  const replay = createReplay({
    view,
    live,
    outlet,
    counters,
    resets,
    slices,
    look,
    arrived,
  })
  const goodbye = createGoodbye({ reconnectMs, random, sleep, remove })
  const heartbeat = createHeartbeat({
    heartbeatMs: limits.heartbeatMs,
    clock,
    outlet,
    positionOf,
    writesPerTurn,
    ticked,
    aged: (sub) => goodbye.say(sub, 'max_age'),
  })
  let sweptAt = 0
  let rated = 0

  function look(): void {
    const { healed, repaired } = view.look()
    if (healed !== undefined || repaired) replay.outdated()
    if (healed !== undefined) resets.healed(healed)
  }

  function wake(): void {
    look()
    live.advance()
    settleAhead()
  }

  function positionOf(sub: Subscription): Cursor {
    return sub.mode === 'live' ? live.position(sub) : sub.cursor
  }

  function stall(sub: Subscription, through: Cursor): void {
    if (sub.mode === 'stalled' || sub.mode === 'closed') return
    detach(sub)
    sub.cursor = through
    sub.mode = 'stalled'
    // Starts again whenever the socket takes something, even if it is less than it was given.
    sub.socket.setTimeout(limits.stallTimeoutMs)
  }

  function resume(sub: Subscription): void {
    if (sub.mode !== 'stalled') return
    sub.socket.setTimeout(0)
    replayAgain(sub)
  }

  function replayAgain(sub: Subscription): void {
    sub.mode = 'replaying'
    replay.enqueue(sub)
  }

  function arrived(sub: Subscription): void {
    if (sub.cursor > live.frontier()) {
      sub.mode = 'ahead'
      ahead.add(sub)
    } else {
      sub.mode = 'live'
      live.join(sub)
    }
    if (sub.caughtUp) return
    sub.caughtUp = true
    if (sub.replayShare) admission.caughtUp()
    sub.replayShare = false
    if (sub.resumed !== 'none') counters.resumed[sub.resumed] += 1
    const cursor = positionOf(sub)
    const data = { cursor, ledger: ledgerOf(cursor) }
    outlet.send(sub, block({ event: 'caught_up', data, id: cursor }), cursor, cursor)
  }

  /** Those whose wait is over read on, or are told why they waited for nothing. */
  function settleAhead(): void {
    if (ahead.size === 0) return
    const floor = view.floor() ?? ORIGIN
    for (const sub of ahead) {
      const { cursor } = sub
      const isReached = cursor <= live.frontier()
      const isLost = sub.missed || cursor < floor || resets.isBeyondNetwork(cursor)
      if (!isReached && !isLost) continue
      ahead.delete(sub)
      replayAgain(sub)
    }
  }

  function ticked(): void {
    settleAhead()
    noteRate()
    const tick = clock()
    if (tick - sweptAt < SWEEP_TICKS) return
    sweptAt = tick
    replay.sweep()
  }

  function noteRate(): number {
    const moment = now()
    const events = counters.delivered + counters.replayed
    rate.add(events - rated, moment)
    rated = events
    return rate.perSecond(moment)
  }

  function detach(sub: Subscription): void {
    groups.leave(sub)
    replay.leave(sub)
    ahead.delete(sub)
  }

  /** Counts it out, once; false if that has been done. */
  function remove(sub: Subscription, reason: CloseReason): boolean {
    if (sub.mode === 'closed') return false
    detach(sub)
    heartbeat.delete(sub)
    sub.mode = 'closed'
    subs.delete(sub.socket)
    if (groups.exit(sub.group)) replay.forget(sub.group)
    admission.release(sub, sub.replayShare)
    counters.closed[reason] += 1
    if (subs.size === 0) heartbeat.rest()
    return true
  }

  // One listener for all sockets, so that each of them costs no closure.
  function onDrain(this: Socket): void {
    const sub = subs.get(this)
    if (sub !== undefined) resume(sub)
  }

  function onTimeout(this: Socket): void {
    const sub = subs.get(this)
    if (sub?.mode !== 'stalled') return
    logger.debug({ address: sub.address, cursor: sub.cursor }, 'subscription stalled')
    remove(sub, 'stalled')
    this.destroy()
  }

  function onClose(this: Socket): void {
    const sub = subs.get(this)
    if (sub !== undefined) remove(sub, 'client')
  }

  function startPosition(cursor: string): Cursor {
    if (cursor === 'now') return live.frontier()
    return cursor === 'earliest' ? (view.floor() ?? ORIGIN) : cursor
  }

  function refusalOf(holder: Holder, cursor: string): Refusal | undefined {
    return admission.refusal(holder, startPosition(cursor) < live.frontier())
  }

  return {
    hasPlace: (holder, cursor) => refusalOf(holder, cursor) === undefined,

    refusal(holder, cursor) {
      const refusal = refusalOf(holder, cursor)
      if (refusal !== undefined) counters.refused[refusal] += 1
      return refusal
    },

    subscribe({ socket, chunked, filter, cursor, address, user, clientId, head = '' }) {
      const tick = clock()
      const start = startPosition(cursor)
      const isResumed = cursor !== 'now' && cursor !== 'earliest'
      const replayShare = start < live.frontier()
      const sub: Subscription = {
        socket,
        chunked,
        group: groups.enter(filter),
        address,
        user,
        expiresAt: tick + Math.ceil((limits.maxAgeMs / TICK_MS) * (0.8 + random() * 0.2)),
        mode: 'replaying',
        cursor: start,
        sent: start,
        slot: NOT_LIVE,
        round: 0,
        writtenAt: tick,
        lookAt: 0,
        caughtUp: false,
        fromOrigin: start === ORIGIN && cursor !== ORIGIN,
        missed: isResumed && resets.hasMissed(start),
        replayShare,
        resumed: isResumed ? 'exact' : 'none',
      }
      admission.admit(sub, replayShare)
      counters.opened += 1
      subs.set(socket, sub)
      heartbeat.add(sub)
      socket.on('drain', onDrain).on('timeout', onTimeout).on('close', onClose)
      const heartbeatSeconds = limits.heartbeatMs / 1_000
      const types = typesOf(filter)
      const places = { cursor: start, head: live.head() }
      const data = { type: 'connected', clientId, ...places, heartbeatSeconds, types }
      const text = block({ retry: goodbye.retryMs(), data, id: start })
      outlet.write(sub, head + framedText(text, chunked), start)
      if (sub.mode === 'replaying') replay.enqueue(sub)
    },

    wake,

    renew() {
      view.outdate()
      replay.outdated()
      resets.renewed()
      settleAhead()
    },

    stats() {
      const modes: Record<Mode, number> = { live: 0, ahead: 0, replaying: 0, stalled: 0, closed: 0 }
      for (const { mode } of subs.values()) modes[mode] += 1
      return {
        ...admission.stats(),
        live: modes.live + modes.ahead,
        replaying: modes.replaying,
        stalled: modes.stalled,
        eventsPerSecond: noteRate(),
      }
    },

    counters: () => counters,

    close(spreadMs) {
      admission.shut()
      return goodbye.toAll([...subs.values()], spreadMs)
    },
  }
}
