import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { endOfLedger, later, ledgerOf, ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { EventFilter } from '../store/log.ts'
import { createAdmission } from './admission.ts'
import type { AdmissionLimits, Holder, Refusal } from './admission.ts'
import { createCounters } from './counters.ts'
import type { CloseReason, FeedCounters } from './counters.ts'
import { block, framed, framedText, HEARTBEAT, LAST_CHUNK, toBytes } from './frame.ts'
import { createGroups } from './groups.ts'
import { createLive } from './live.ts'
import { createClock, createOutlet, TICK_MS } from './outlet.ts'
import { createRate } from './rate.ts'
import { createReplay } from './replay.ts'
import { NOT_LIVE } from './subscription.ts'
import type { ResetReason, Subscription } from './subscription.ts'
import { createLogView } from './view.ts'
import type { FeedStore } from './view.ts'
import { createWheel } from './wheel.ts'

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
  random?: () => number
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
 * One that is behind pulls its own pages, a bounded number a turn, until there is nothing between
 * it and the live ones (`replay.ts`): finding that out and going live are one synchronous step, so
 * no commit fits between them. Nothing here waits for a client, and a lost wake-up costs time and
 * never an event.
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

const DRAIN_STEPS = 30
const RECONNECT_MS = { from: 1_000, to: 5_000 }
/** About four milliseconds' worth. */
const WRITES_PER_TURN = 500
const SWEEP_TICKS = 40

export function createFeed(deps: FeedDeps): Feed {
  const { store, tip, limits, logger, random = Math.random, written = () => {} } = deps
  const { writesPerTurn = WRITES_PER_TURN } = limits
  const counters = createCounters()
  const admission = createAdmission(limits)
  const rate = createRate()
  const groups = createGroups()
  const view = createLogView(store)
  const clock = createClock()
  const subs = new Map<Socket, Subscription>()
  /** Live subscriptions whose position this process has not reached. */
  const ahead = new Set<Subscription>()
  const heartbeatTicks = Math.max(1, Math.round(limits.heartbeatMs / TICK_MS))
  const wheel = createWheel<Subscription>(heartbeatTicks)
  const outlet = createOutlet({ counters, clock, stalled: stall })
  const live = createLive({
    view,
    groups,
    outlet,
    counters,
    writesPerTurn,
    written,
    moved: settleAhead,
    lost(before, beyond) {
      for (const sub of subs.values()) {
        if (sub.slot !== NOT_LIVE && sub.cursor < beyond) reset(sub, 'gap', before, beyond)
      }
    },
  })
  const replay = createReplay({
    view,
    live,
    outlet,
    counters,
    expired: (sub, floor) => reset(sub, 'expired', sub.cursor, floor),
    lost: (sub, before, beyond) => reset(sub, 'gap', before, beyond),
    missed(sub) {
      sub.missed = false
      reset(sub, 'gap', sub.cursor, sub.cursor)
    },
    arrived: goLive,
  })
  let ticking: NodeJS.Timeout | undefined
  let sweptAt = 0
  let rated = 0

  function wake(): void {
    const { healed, repaired } = view.look()
    if (healed !== undefined || repaired) replay.outdated()
    if (healed !== undefined) announce(endOfLedger(healed.from))
    live.advance()
    settleAhead()
  }

  /**
   * Something before their position is known now that was not: those who have come so far are told
   * to load anew, for the feed never goes back.
   */
  function announce(reach: Cursor): void {
    for (const sub of subs.values()) {
      const position = positionOf(sub)
      if (position < reach) continue
      if (sub.mode === 'stalled') sub.missed = true
      else reset(sub, 'gap', position, position)
    }
  }

  function reset(sub: Subscription, reason: ResetReason, requested: Cursor, to: Cursor): void {
    if (sub.resumed !== 'none' && !sub.caughtUp) sub.resumed = reason
    const oldest = view.floor() ?? ORIGIN
    sub.cursor = to
    const data = { reason, requested, oldest, head: live.head() }
    outlet.send(sub, block({ event: 'reset', data, id: to }), positionOf(sub), to)
  }

  function positionOf(sub: Subscription): Cursor {
    return sub.mode === 'live' ? later(live.head(), sub.cursor) : sub.cursor
  }

  function stall(sub: Subscription, through: Cursor): void {
    if (sub.mode === 'stalled' || sub.mode === 'closed') return
    sub.cursor = later(sub.cursor, through)
    detach(sub)
    sub.mode = 'stalled'
    // Starts anew whenever the socket takes something, were it less than what it was given.
    sub.socket.setTimeout(limits.stallTimeoutMs)
  }

  function resume(sub: Subscription): void {
    if (sub.mode !== 'stalled') return
    sub.socket.setTimeout(0)
    sub.mode = 'replaying'
    replay.enqueue(sub)
  }

  function goLive(sub: Subscription): void {
    sub.mode = 'live'
    if (sub.cursor > live.frontier()) ahead.add(sub)
    else groups.join(sub)
    if (sub.caughtUp) return
    sub.caughtUp = true
    if (sub.replayShare) admission.caughtUp()
    sub.replayShare = false
    if (sub.resumed !== 'none') counters.resumed[sub.resumed] += 1
    const cursor = positionOf(sub)
    const data = { cursor, ledger: ledgerOf(cursor) }
    outlet.send(sub, block({ event: 'caught_up', data, id: cursor }), cursor, cursor)
  }

  /** Positions beyond our log: wait for them, unless the network itself has not got that far. */
  function settleAhead(): void {
    if (ahead.size === 0) return
    const floor = view.floor()
    const network = tip()
    for (const sub of ahead) {
      if (floor !== undefined && sub.cursor < floor) {
        replayFrom(sub, 'expired', floor)
      } else if (sub.cursor <= live.frontier()) {
        replayAgain(sub)
      } else if (network !== undefined && ledgerOf(sub.cursor) > network) {
        replayFrom(sub, 'ahead', live.head())
      }
    }
  }

  /**
   * The feed goes on from an earlier position than was asked for. A page may be on its way to the
   * live subscriptions that this one has not been given: it reads the log up to there first.
   */
  function replayFrom(sub: Subscription, reason: ResetReason, to: Cursor): void {
    replayAgain(sub)
    reset(sub, reason, sub.cursor, to)
  }

  function replayAgain(sub: Subscription): void {
    ahead.delete(sub)
    sub.mode = 'replaying'
    replay.enqueue(sub)
  }

  /** Heartbeats and ages of all, in one timer. */
  function tick(): void {
    settleAhead()
    const now = clock()
    noteRate()
    check(wheel.take(now), 0)
    if (now - sweptAt < SWEEP_TICKS) return
    sweptAt = now
    replay.sweep()
  }

  function check(due: readonly Subscription[], from: number): void {
    const to = Math.min(due.length, from + writesPerTurn)
    for (const sub of due.slice(from, to)) checkOne(sub)
    if (to < due.length) setImmediate(() => check(due, to))
  }

  function checkOne(sub: Subscription): void {
    if (sub.mode === 'closed') return
    const now = clock()
    if (now >= sub.expiresAt) return goodbye(sub, 'max_age')
    const stalled = sub.mode === 'stalled'
    if (!stalled && now - sub.writtenAt >= heartbeatTicks) beat(sub)
    const silentFrom = stalled ? now : sub.writtenAt
    wheel.add(sub, Math.min(sub.expiresAt, silentFrom + heartbeatTicks))
  }

  function noteRate(): number {
    const now = performance.now()
    const events = counters.delivered + counters.replayed
    rate.add(events - rated, now)
    rated = events
    return rate.perSecond(now)
  }

  function beat(sub: Subscription): void {
    const cursor = positionOf(sub)
    if (cursor > sub.sent) {
      const data = { cursor, ledger: ledgerOf(cursor) }
      outlet.send(sub, block({ event: 'cursor', data, id: cursor }), cursor, cursor)
    } else {
      outlet.write(sub, framedText(HEARTBEAT, sub.chunked), cursor)
    }
  }

  function goodbye(sub: Subscription, reason: 'shutdown' | 'max_age'): void {
    if (!remove(sub, reason)) return
    const { socket, chunked } = sub
    const text = block({ retry: retryMs(), event: 'reconnect', data: { reason } })
    socket.write(framed(toBytes(text), chunked))
    if (chunked) socket.write(LAST_CHUNK)
    socket.end()
    // A client that never reads would hold the socket open for good.
    socket.setTimeout(GOODBYE_TIMEOUT_MS, () => socket.destroy())
  }

  /** Different for each client, or they would all come back at once. */
  function retryMs(): number {
    const { from, to } = limits.reconnectMs ?? RECONNECT_MS
    return from + Math.floor(random() * (to - from))
  }

  function detach(sub: Subscription): void {
    groups.leave(sub)
    replay.leave(sub)
    ahead.delete(sub)
  }

  /** Counts it out, once; false when it has been. */
  function remove(sub: Subscription, reason: CloseReason): boolean {
    if (sub.mode === 'closed') return false
    detach(sub)
    wheel.delete(sub)
    sub.mode = 'closed'
    subs.delete(sub.socket)
    if (groups.exit(sub.group)) replay.forget(sub.group)
    admission.release(sub, sub.replayShare)
    counters.closed[reason] += 1
    if (subs.size === 0) {
      clearInterval(ticking)
      ticking = undefined
    }
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
      const now = clock()
      const start = startPosition(cursor)
      const replaying = start < live.frontier()
      const sub: Subscription = {
        socket,
        chunked,
        group: groups.enter(filter),
        address,
        user,
        expiresAt: now + Math.ceil((limits.maxAgeMs / TICK_MS) * (0.8 + random() * 0.2)),
        mode: 'replaying',
        cursor: start,
        sent: start,
        slot: NOT_LIVE,
        writtenAt: now,
        lookAt: 0,
        caughtUp: false,
        fromOrigin: start === ORIGIN && cursor !== ORIGIN,
        missed: false,
        replayShare: replaying,
        resumed: cursor === 'now' || cursor === 'earliest' ? 'none' : 'exact',
      }
      admission.admit(sub, replaying)
      counters.opened += 1
      subs.set(socket, sub)
      ticking ??= setInterval(tick, TICK_MS).unref()
      wheel.add(sub, Math.min(sub.expiresAt, now + heartbeatTicks))
      socket.on('drain', onDrain).on('timeout', onTimeout).on('close', onClose)
      const data = { type: 'connected', clientId, cursor: start, head: live.head() }
      const text = block({ retry: retryMs(), data, id: start })
      outlet.write(sub, head + framedText(text, chunked), start)
      if (start > live.frontier()) {
        const network = tip()
        if (network !== undefined && ledgerOf(start) > network) {
          reset(sub, 'ahead', start, live.head())
        }
      }
      if (sub.mode === 'replaying') replay.enqueue(sub)
    },

    wake,

    renew() {
      replay.outdated()
      announce(ORIGIN)
    },

    stats() {
      const modes = { live: 0, replaying: 0, stalled: 0, closed: 0 }
      for (const { mode } of subs.values()) modes[mode] += 1
      const { live: atHead, replaying, stalled } = modes
      return {
        ...admission.stats(),
        live: atHead,
        replaying,
        stalled,
        eventsPerSecond: noteRate(),
      }
    },

    counters: () => counters,

    async close(spreadMs) {
      admission.shut()
      const leaving = [...subs.values()]
      const each = Math.ceil(leaving.length / DRAIN_STEPS)
      while (leaving.length > 0) {
        for (const sub of leaving.splice(0, each)) goodbye(sub, 'shutdown')
        if (leaving.length > 0) await sleep(spreadMs / DRAIN_STEPS)
      }
    },
  }
}

/** How long a finished response may wait for its client to close. */
const GOODBYE_TIMEOUT_MS = 1_500
