import { endOfLedger, later } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { Gap } from '../store/read/coverage.ts'
import { EVERYTHING } from '../domain/filter.ts'
import type { LogEntry } from '../store/read/log.ts'
import type { FeedCounters } from './counters.ts'
import { concat, eventBlock, toBytes } from './frame.ts'
import type { Bytes } from './frame.ts'
import type { Groups } from './groups.ts'
import type { Outlet } from './outlet.ts'
import type { Group, Subscription } from './subscription.ts'
import type { LogView } from './view.ts'

/** Entries per page: bounds what one burst can put into a stalled socket. */
const LIVE_PAGE = 128
/** Milliseconds of work before the event loop gets its turn. */
const TURN_MS = 4
/** Writes between two looks at the time. */
const WRITES_PER_LOOK = 16

/** The same bytes for each of several subscriptions. */
interface Parcel {
  parts: readonly Bytes[]
  /** The id of the last frame. */
  last: Cursor
  isReset: boolean
  chunked: Buffer | undefined
  plain: Buffer | undefined
}

interface Delivery {
  /** Who was live when it was made. */
  subs: readonly Subscription[]
  parcel: Parcel
}

/** What is on its way to the live subscriptions: a page of the log, or a reset for all of them. */
interface Round {
  number: number
  deliveries: readonly Delivery[]
  /** How many deliveries are done, and how many subscriptions of the next one. */
  done: number
  served: number
  /** Where those who have been given it stand. */
  reached: Cursor
  /** Begins where the page ends. */
  gap: Gap | undefined
}

/**
 * The subscriptions at the head of the log. Each page is read once, encoded once, and handed to all
 * it concerns, in turns with the event loop. A subscription that goes live meanwhile has the page already.
 */
export interface Live {
  /** What every live subscription has been given. */
  head(): Cursor
  /** What those who catch up have to reach to be live: the head, or the page on its way there. */
  frontier(): Cursor
  /** Where a live subscription stands. */
  position(sub: Subscription): Cursor
  /** It stands at the frontier, and is one of the live ones from now on. */
  join(sub: Subscription): void
  /** Goes on to where the log ends, as far as it has been looked at. */
  advance(): void
  /** A reset for those who are marked as having missed something. */
  tellMissed(): void
}

export function createLive(deps: {
  view: LogView
  groups: Groups
  outlet: Outlet
  counters: FeedCounters
  /** Sockets written to before the event loop gets its turn. */
  writesPerTurn: number
  /** Everyone who is live. */
  everyone(): Iterable<Subscription>
  /** The frame that says: what came before `to` has to be loaded again. */
  resetFrame(requested: Cursor, to: Cursor): string
  /** A turn's writes are done, so long after the log was looked at. */
  written(seconds: number): void
  /** The head has moved. */
  moved(): void
}): Live {
  const { view, groups, outlet, counters, writesPerTurn, written, moved } = deps
  let head = view.end()
  let round: Round | undefined
  /** Of the last round. */
  let number = 0
  /** Ledgers that were lost where the head stands. */
  let gap: Gap | undefined
  let isMissed = false
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
      writes += serve(round, writesPerTurn - writes, end)
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
      return resetRound([...deps.everyone()], beyond)
    }
    if (isMissed) {
      isMissed = false
      return resetRound(
        [...deps.everyone()].filter(({ missed }) => missed),
        head,
      )
    }
    return head < view.end() ? pageRound() : undefined
  }

  function startRound(deliveries: Delivery[], reached: Cursor, next: Gap | undefined): Round {
    number += 1
    return { number, deliveries, done: 0, served: 0, reached, gap: next }
  }

  function resetRound(subs: readonly Subscription[], to: Cursor): Round {
    const parts = [toBytes(deps.resetFrame(head, to))]
    const parcel = { parts, last: to, isReset: true, chunked: undefined, plain: undefined }
    return startRound([{ subs, parcel }], to, undefined)
  }

  function pageRound(): Round {
    // With nobody to hand it to, the log need not be read.
    if (groups.live() === 0) return startRound([], view.end(), undefined)
    const reading = view.read(EVERYTHING, head, view.end(), LIVE_PAGE)
    return startRound(deliveriesOf(reading.entries), reading.reached, reading.gap)
  }

  function deliveriesOf(entries: readonly LogEntry[]): Delivery[] {
    const touched: Group[] = []
    for (const entry of entries) {
      let bytes: Bytes | undefined
      groups.match(entry, (group) => {
        bytes ??= toBytes(eventBlock(entry))
        if (group.due.length > 0) group.due.push(bytes)
        else {
          touched.push(group)
          group.due = [bytes]
        }
        group.sent = entry.id
      })
    }
    return touched.map((group) => {
      const { due: parts, sent: last, live } = group
      group.due = NONE
      const parcel = { parts, last, isReset: false, chunked: undefined, plain: undefined }
      return { subs: live.slice(), parcel }
    })
  }

  /** Hands the round to some of those who wait for it; returns how many. */
  function serve(current: Round, most: number, end: number): number {
    let writes = 0
    for (; current.done < current.deliveries.length; current.done += 1) {
      const delivery = current.deliveries[current.done]
      if (delivery === undefined) break
      const { subs, parcel } = delivery
      for (; current.served < subs.length; current.served += 1) {
        if (writes >= most) return writes
        // Some writes in any case, so that each turn gets on.
        const isLook = writes > 0 && writes % WRITES_PER_LOOK === 0
        if (isLook && performance.now() >= end) return writes
        if (hand(subs[current.served], parcel, current)) writes += 1
      }
      current.served = 0
    }
    return writes
  }

  /** False if it needs nothing: it has left the head since, or come back beyond the round. */
  function hand(sub: Subscription | undefined, parcel: Parcel, current: Round): boolean {
    if (sub === undefined || sub.mode !== 'live' || sub.round === current.number) return false
    sub.round = current.number
    if (parcel.isReset) {
      sub.missed = false
      sub.sent = parcel.last
    } else {
      counters.delivered += parcel.parts.length
    }
    outlet.write(sub, bytesOf(parcel, sub.chunked), current.reached)
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
    tellMissed() {
      isMissed = true
      advance()
    },
  }
}

const NONE: never[] = []

function bytesOf(parcel: Parcel, chunked: boolean): Buffer {
  if (chunked) return (parcel.chunked ??= concat(parcel.parts, true))
  return (parcel.plain ??= concat(parcel.parts, false))
}
