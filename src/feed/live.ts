import { endOfLedger, later } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { Gap } from '../store/coverage.ts'
import type { EventFilter, LogEntry } from '../store/log.ts'
import type { FeedCounters } from './counters.ts'
import { concat, eventBlock, toBytes } from './frame.ts'
import type { Bytes } from './frame.ts'
import type { Group, Groups } from './groups.ts'
import type { Outlet } from './outlet.ts'
import type { Subscription } from './subscription.ts'
import type { LogView } from './view.ts'

/** Entries read and sent at once: a burst must not fill the memory of a socket that stands still. */
const LIVE_PAGE = 128
/** Pages read before it does. */
const PAGES_PER_TURN = 8
const EVERYTHING: EventFilter = { streams: [], users: [], types: undefined }

/** What a page of the log has for one group: the same bytes for each of its subscriptions. */
interface Parcel {
  parts: readonly Bytes[]
  last: Cursor
  chunked: Buffer | undefined
  plain: Buffer | undefined
}

/** A page on its way to those who were live when it was read. */
interface Round {
  subs: Subscription[]
  parcels: Parcel[]
  /** How many have been served. */
  served: number
  reached: Cursor
  gap: Gap | undefined
}

/** Those at the head of the log: each page is read once, encoded once, and handed to all it concerns. */
export interface Live {
  /** What every live subscription has been given. */
  head(): Cursor
  /** What those who catch up have to reach to be live: the head, or the page on its way there. */
  frontier(): Cursor
  /** A page is on its way. */
  busy(): boolean
  /** Goes on to where the log ends, as far as it has been looked at. */
  advance(): void
}

export function createLive(deps: {
  view: LogView
  groups: Groups
  outlet: Outlet
  counters: FeedCounters
  /** Sockets written to before the event loop gets its turn. */
  writesPerTurn: number
  /** Everyone who is live has lost these ledgers; `before` is where they were. */
  lost(before: Cursor, beyond: Cursor): void
  /** A turn's writes are done, so long after the log was looked at. */
  written(seconds: number): void
  /** The head has moved. */
  moved(): void
}): Live {
  const { view, groups, outlet, counters, writesPerTurn, lost, written, moved } = deps
  let head = view.end()
  let round: Round | undefined
  let scheduled = false
  let lookedAt = 0

  function advance(): void {
    if (scheduled) return
    if (round === undefined) lookedAt = performance.now()
    work()
  }

  function work(): void {
    let writes = 0
    let pages = 0
    while (round !== undefined || head < view.end()) {
      if (writes >= writesPerTurn || pages >= PAGES_PER_TURN) {
        scheduled = true
        setImmediate(() => {
          scheduled = false
          work()
        })
        break
      }
      round ??= nextRound()
      writes += serve(round, writesPerTurn - writes)
      if (round.served < round.subs.length) continue
      pages += 1
      const { reached, gap } = round
      round = undefined
      const before = head
      head = reached
      if (gap !== undefined) {
        head = later(head, endOfLedger(gap.to))
        lost(later(before, reached), head)
      }
      moved()
    }
    if (writes > 0) written((performance.now() - lookedAt) / 1_000)
  }

  function nextRound(): Round {
    // With nobody to hand it to, the log need not be read.
    if (groups.live() === 0) {
      return { subs: [], parcels: [], served: 0, reached: view.end(), gap: undefined }
    }
    const { entries, reached, gap } = view.read(EVERYTHING, head, view.end(), LIVE_PAGE)
    const subs: Subscription[] = []
    const parcels: Parcel[] = []
    for (const [group, parcel] of parcelsOf(entries)) {
      for (const sub of group.live) {
        subs.push(sub)
        parcels.push(parcel)
      }
    }
    return { subs, parcels, served: 0, reached, gap }
  }

  function parcelsOf(entries: readonly LogEntry[]): [Group, Parcel][] {
    const touched: Group[] = []
    for (const entry of entries) {
      let bytes: Bytes | undefined
      groups.match(entry, (group) => {
        bytes ??= toBytes(eventBlock(entry))
        if (group.due.length === 0) touched.push(group)
        group.due.push(bytes)
        group.dueLast = entry.id
      })
    }
    return touched.map((group) => {
      const { due: parts, dueLast: last } = group
      group.due = []
      return [group, { parts, last, chunked: undefined, plain: undefined }]
    })
  }

  /** Hands the page to some of those who wait for it; returns to how many. */
  function serve(current: Round, most: number): number {
    const { subs, parcels, reached } = current
    const through = Math.min(subs.length, current.served + most)
    const from = current.served
    for (; current.served < through; current.served += 1) {
      const sub = subs[current.served]
      const parcel = parcels[current.served]
      // Since the page was read it may have left the head, and come back beyond the page.
      if (sub === undefined || parcel === undefined) continue
      if (sub.mode !== 'live' || sub.cursor >= reached) continue
      sub.cursor = reached
      sub.sent = parcel.last
      counters.delivered += parcel.parts.length
      outlet.write(sub, bytesOf(parcel, sub.chunked), reached)
    }
    return through - from
  }

  return {
    head: () => head,
    frontier: () => (round === undefined ? head : round.reached),
    busy: () => round !== undefined,
    advance,
  }
}

function bytesOf(parcel: Parcel, chunked: boolean): Buffer {
  if (chunked) return (parcel.chunked ??= concat(parcel.parts, true))
  return (parcel.plain ??= concat(parcel.parts, false))
}
