import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { endOfLedger, later, ledgerOf, ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { Coverage, Gap } from '../store/coverage.ts'
import type { EventFilter, Log, LogEntry } from '../store/log.ts'
import { createAdmission } from './admission.ts'
import type { Refusal } from './admission.ts'
import { createFilterIndex } from './filter-index.ts'
import { block, eventBlock, HEARTBEAT, LAST_CHUNK, toBytes } from './frame.ts'
import type { Bytes } from './frame.ts'
import { createRate } from './rate.ts'
import { isReplaying, write } from './subscription.ts'
import type { Subscription } from './subscription.ts'

export interface FeedLimits {
  heartbeatMs: number
  maxAgeMs: number
  stallTimeoutMs: number
  maxSubscriptions: number
  maxSubscriptionsPerAddress: number
  /** How long clients are told to wait before they come back, each differently. */
  reconnectMs?: { from: number; to: number }
}

export interface FeedDeps {
  log: Log
  coverage: Coverage
  /** The network's newest ledger as far as this process has been told; undefined before that. */
  tip(): number | undefined
  limits: FeedLimits
  logger: Logger
  random?: () => number
}

export interface SubscribeRequest {
  socket: Socket
  chunked: boolean
  filter: EventFilter
  /** A position, or one of the two words. */
  cursor: string
  address: string
  clientId: string
}

export type GoodbyeReason = 'shutdown' | 'max_age'

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
 * encodes each once and hands the same bytes to every live subscription that matches. One that is
 * behind pulls its own pages, a bounded one a turn, until an empty read at the head: that read and
 * going live are one synchronous step, so no commit fits between them. Nothing here waits for a
 * client, and a lost wake-up costs time and never an event.
 */
export interface Feed {
  /** Whether another subscription of this address has a place. */
  refusal(address: string): Refusal | undefined
  /** Takes over a socket whose response head has been written. */
  subscribe(request: SubscribeRequest): void
  /** The log may have moved: look again. */
  wake(): void
  stats(): FeedStats
  /** Says goodbye to everyone, spread over `spreadMs`; nobody new is admitted from here on. */
  close(spreadMs: number): Promise<void>
}

/** Entries read and sent at once: a burst must not fill the memory of a socket that stands still. */
const LIVE_PAGE = 128
const PULL_PAGE = 128
/** Pages pulled before the event loop gets its turn: live delivery and requests go first. */
const PULLS_PER_TURN = 8
const TICK_MS = 250
const DRAIN_STEPS = 30
const RECONNECT_MS = { from: 1_000, to: 5_000 }
const EVERYTHING: EventFilter = { streams: [], users: [], types: undefined }

export function createFeed(deps: FeedDeps): Feed {
  const { log, coverage, tip, limits, logger, random = Math.random } = deps
  const index = createFilterIndex()
  const admission = createAdmission(limits)
  const delivered = createRate()
  const subs = new Set<Subscription>()
  /** Subscriptions that have a page to pull, in turn. */
  const queue = new Set<Subscription>()
  /** Live subscriptions whose position this process has not reached. */
  const ahead = new Set<Subscription>()
  const heartbeat = toBytes(HEARTBEAT)
  /** What the live subscriptions have been given. */
  let head: Cursor = coverage.checkpoint()?.cursor ?? ORIGIN
  let gaps = coverage.gaps()
  let turnScheduled = false
  let ticking: NodeJS.Timeout | undefined

  function wake(): void {
    announceHealed()
    const target = coverage.checkpoint()?.cursor ?? ORIGIN
    while (head < target) {
      const { entries, reached, more, gap } = read(EVERYTHING, head, target, LIVE_PAGE)
      if (entries.length > 0) dispatch(entries, reached)
      head = reached
      if (gap !== undefined && !more) crossGap(endOfLedger(gap.to))
    }
    settleAhead()
  }

  /** The next page on the way to `target`, or to the gap that lies before it. */
  function read(filter: EventFilter, after: Cursor, target: Cursor, limit: number) {
    const gap = nextGap(after, target)
    // A gap can begin inside a ledger: what the log has of that ledger comes first.
    const through = gap === undefined ? target : endOfLedger(gap.to)
    const { entries, next } = log.page({ filter, after, through, limit })
    const missing = gap && later(endOfLedger(gap.from - 1), entries.at(-1)?.id ?? after)
    return { entries, reached: next ?? missing ?? target, more: next !== undefined, gap }
  }

  function dispatch(entries: readonly LogEntry[], reached: Cursor): void {
    if (subs.size === 0) return
    const now = performance.now()
    const touched: Subscription[] = []
    for (const entry of entries) {
      let bytes: Bytes | undefined
      index.match(entry, (sub) => {
        if (entry.id <= sub.cursor) return
        bytes ??= toBytes(eventBlock(entry))
        if (sub.due.length === 0) touched.push(sub)
        sub.due.push(bytes)
        sub.sent = entry.id
      })
    }
    for (const sub of touched) {
      const { due } = sub
      sub.due = []
      delivered.add(due.length, now)
      if (!write(sub, due, now)) stall(sub, reached)
    }
  }

  /** The first gap that lies behind `after` and not behind `target`. */
  function nextGap(after: Cursor, target: Cursor): Gap | undefined {
    return gaps.find((gap) => endOfLedger(gap.to) > after && endOfLedger(gap.to) <= target)
  }

  /**
   * Ledgers that were missing are there now, before the position of those who have gone past them:
   * they are told to load anew, for the feed never goes back.
   */
  function announceHealed(): void {
    const before = gaps
    gaps = coverage.gaps()
    const healed = before.find(
      ({ from, to }) => !gaps.some((gap) => gap.from <= from && gap.to >= to),
    )
    if (healed === undefined) return
    for (const sub of subs) {
      const position = positionOf(sub)
      if (position < endOfLedger(healed.from)) continue
      if (sub.mode === 'stalled') sub.missed = true
      else reset(sub, 'gap', position, position)
    }
  }

  function crossGap(beyond: Cursor): void {
    const before = head
    head = later(head, beyond)
    for (const sub of subs) {
      if (sub.mode === 'live' && sub.cursor < beyond) reset(sub, 'gap', before, beyond)
    }
  }

  function reset(
    sub: Subscription,
    reason: 'expired' | 'ahead' | 'gap',
    requested: Cursor,
    to: Cursor,
  ): void {
    const oldest = coverage.floor() ?? ORIGIN
    sub.cursor = to
    send(sub, block({ event: 'reset', data: { reason, requested, oldest, head }, id: to }), to)
  }

  /** A control frame; the socket's being full is noticed at the next page or commit. */
  function send(sub: Subscription, text: string, id?: Cursor): void {
    if (id !== undefined) sub.sent = id
    const now = performance.now()
    if (!write(sub, [toBytes(text)], now)) stall(sub, later(sub.cursor, positionOf(sub)))
  }

  function positionOf(sub: Subscription): Cursor {
    return sub.mode === 'live' ? later(head, sub.cursor) : sub.cursor
  }

  function stall(sub: Subscription, cursor: Cursor): void {
    if (sub.mode === 'stalled' || sub.mode === 'closed') return
    sub.cursor = later(sub.cursor, cursor)
    index.delete(sub)
    queue.delete(sub)
    ahead.delete(sub)
    sub.mode = 'stalled'
    // Starts anew whenever the socket takes something, were it less than what it was given.
    sub.socket.setTimeout(limits.stallTimeoutMs)
  }

  function resume(sub: Subscription): void {
    if (sub.mode !== 'stalled') return
    sub.socket.setTimeout(0)
    sub.mode = 'replaying'
    enqueue(sub)
  }

  function enqueue(sub: Subscription): void {
    queue.add(sub)
    if (turnScheduled) return
    turnScheduled = true
    setImmediate(turn)
  }

  function turn(): void {
    turnScheduled = false
    let left = PULLS_PER_TURN
    for (const sub of queue) {
      if (left === 0) break
      left -= 1
      // Back to the end of the line: a long replay takes turns with the others.
      queue.delete(sub)
      if (pull(sub)) queue.add(sub)
    }
    if (queue.size > 0 && !turnScheduled) {
      turnScheduled = true
      setImmediate(turn)
    }
  }

  /** One page for one subscription; true when there is another to pull. */
  function pull(sub: Subscription): boolean {
    if (!isReplaying(sub)) return false
    if (sub.missed) {
      sub.missed = false
      reset(sub, 'gap', sub.cursor, sub.cursor)
    }
    const floor = coverage.floor()
    if (floor !== undefined && sub.cursor < floor) {
      if (sub.fromOrigin) sub.cursor = floor
      else reset(sub, 'expired', sub.cursor, floor)
    }
    if (!isReplaying(sub)) return false
    if (sub.cursor < head) {
      const { entries, reached, more, gap } = read(sub.filter, sub.cursor, head, PULL_PAGE)
      sub.cursor = reached
      const last = entries.at(-1)
      if (last !== undefined) {
        const now = performance.now()
        sub.sent = last.id
        delivered.add(entries.length, now)
        if (!write(sub, [toBytes(entries.map(eventBlock).join(''))], now)) {
          stall(sub, reached)
          return false
        }
      }
      if (more) return true
      if (gap !== undefined) {
        reset(sub, 'gap', reached, endOfLedger(gap.to))
        return isReplaying(sub)
      }
    }
    goLive(sub)
    return false
  }

  function goLive(sub: Subscription): void {
    sub.mode = 'live'
    index.add(sub)
    if (sub.cursor > head) ahead.add(sub)
    if (sub.caughtUp) return
    sub.caughtUp = true
    const cursor = positionOf(sub)
    const data = { cursor, ledger: ledgerOf(cursor) }
    send(sub, block({ event: 'caught_up', data, id: cursor }), cursor)
  }

  /** Positions beyond our log: wait for them, unless the network itself has not got that far. */
  function settleAhead(): void {
    for (const sub of ahead) {
      const floor = coverage.floor()
      const network = tip()
      if (floor !== undefined && sub.cursor < floor) {
        ahead.delete(sub)
        reset(sub, 'expired', sub.cursor, later(floor, head))
      } else if (sub.cursor <= head) {
        ahead.delete(sub)
      } else if (network !== undefined && ledgerOf(sub.cursor) > network) {
        ahead.delete(sub)
        reset(sub, 'ahead', sub.cursor, head)
      }
    }
  }

  /** Heartbeats and ages of all, in one timer. */
  function tick(): void {
    const now = performance.now()
    settleAhead()
    for (const sub of subs) {
      if (now > sub.expiresAt) {
        goodbye(sub, 'max_age')
      } else if (
        sub.mode !== 'stalled' &&
        now - sub.writtenAt >= limits.heartbeatMs - TICK_MS / 2
      ) {
        beat(sub, now)
      }
    }
  }

  function beat(sub: Subscription, now: number): void {
    const cursor = positionOf(sub)
    if (cursor > sub.sent) {
      const data = { cursor, ledger: ledgerOf(cursor) }
      send(sub, block({ event: 'cursor', data, id: cursor }), cursor)
    } else if (!write(sub, [heartbeat], now)) {
      stall(sub, cursor)
    }
  }

  /** Its socket has taken nothing for the whole stall time-out. */
  function giveUp(sub: Subscription): void {
    if (sub.mode !== 'stalled') return
    logger.debug({ clientId: sub.clientId, address: sub.address }, 'subscription stalled')
    sub.socket.destroy()
  }

  function goodbye(sub: Subscription, reason: GoodbyeReason): void {
    if (sub.mode === 'closed') return
    remove(sub)
    const bytes = toBytes(block({ retry: retryMs(), event: 'reconnect', data: { reason } }))
    write(sub, [bytes], performance.now())
    if (sub.chunked) sub.socket.write(LAST_CHUNK)
    sub.socket.end()
    // A client that never reads would hold the socket open for good.
    sub.socket.setTimeout(GOODBYE_TIMEOUT_MS, () => sub.socket.destroy())
  }

  /** Different for each client, or they would all come back at once. */
  function retryMs(): number {
    const { from, to } = limits.reconnectMs ?? RECONNECT_MS
    return from + Math.floor(random() * (to - from))
  }

  function remove(sub: Subscription): void {
    if (sub.mode === 'closed') return
    sub.mode = 'closed'
    subs.delete(sub)
    index.delete(sub)
    queue.delete(sub)
    ahead.delete(sub)
    admission.release(sub.address)
    if (subs.size === 0) {
      clearInterval(ticking)
      ticking = undefined
    }
  }

  return {
    refusal: admission.refusal,

    subscribe({ socket, chunked, filter, cursor, address, clientId }) {
      wake()
      const now = performance.now()
      const start = startPosition(cursor)
      const sub: Subscription = {
        clientId,
        socket,
        chunked,
        filter,
        types: filter.types && new Set(filter.types),
        address,
        mode: 'replaying',
        cursor: start,
        sent: start,
        caughtUp: false,
        fromOrigin: start === ORIGIN && cursor !== ORIGIN,
        writtenAt: now,
        expiresAt: now + limits.maxAgeMs * (0.8 + random() * 0.2),
        missed: false,
        due: [],
      }
      admission.admit(address)
      subs.add(sub)
      ticking ??= setInterval(tick, TICK_MS).unref()
      socket.on('drain', () => resume(sub))
      socket.on('timeout', () => giveUp(sub))
      socket.once('close', () => remove(sub))
      const data = { type: 'connected', clientId, cursor: start, head }
      send(sub, block({ retry: retryMs(), data, id: start }), start)
      const network = tip()
      if (start > head && network !== undefined && ledgerOf(start) > network) {
        reset(sub, 'ahead', start, head)
      }
      if (sub.mode === 'replaying') enqueue(sub)
    },

    wake,

    stats: () => {
      const modes = { live: 0, replaying: 0, stalled: 0, closed: 0 }
      for (const sub of subs) modes[sub.mode] += 1
      const { live, replaying, stalled } = modes
      const eventsPerSecond = delivered.perSecond(performance.now())
      return { ...admission.stats(), live, replaying, stalled, eventsPerSecond }
    },

    async close(spreadMs) {
      admission.shut()
      const leaving = [...subs]
      const each = Math.ceil(leaving.length / DRAIN_STEPS)
      while (leaving.length > 0) {
        for (const sub of leaving.splice(0, each)) goodbye(sub, 'shutdown')
        if (leaving.length > 0) await sleep(spreadMs / DRAIN_STEPS)
      }
    },
  }

  function startPosition(cursor: SubscribeRequest['cursor']): Cursor {
    if (cursor === 'now') return head
    return cursor === 'earliest' ? (coverage.floor() ?? ORIGIN) : cursor
  }
}

/** How long a finished response may wait for its client to close. */
const GOODBYE_TIMEOUT_MS = 1_500
