import { endOfLedger } from '../domain/cursor.ts'
import type { Slices } from '../domain/slices.ts'
import type { FeedCounters } from './counters.ts'
import { framed, framedText } from './frame.ts'
import type { Live } from './live.ts'
import type { Outlet } from './outlet.ts'
import { createPage, createPageCache, partOf, partOfReading } from './pages.ts'
import type { Part } from './pages.ts'
import { createQueues } from './queues.ts'
import type { Resets } from './resets.ts'
import { isReplaying } from './subscription.ts'
import type { Group, Subscription } from './subscription.ts'
import type { LogView } from './view.ts'

/** Entries per page. */
const PULL_PAGE = 128
/** Ticks between two sweeps of the pages that are kept. */
const SWEEP_TICKS = 40
/** Size of all pages that are kept to be read again. */
const CACHE_BYTES = 8 * 1024 * 1024

/**
 * The subscriptions behind the head: each pulls its own pages of the log, one after the other in
 * fair turns (`queues.ts`), until it has reached the frontier.
 */
export interface Replay {
  /** Adds a subscription that has pages to pull. */
  enqueue(sub: Subscription): void
  leave(sub: Subscription): void
  /** Drops the pages that are kept for a group, or for all groups. */
  dropPages(group?: Group): void
  /** To be called at each tick: drops the pages that were not read for a while. */
  sweep(tick: number): void
  /** Ends the reads under way. */
  close(): void
}

export interface ReplayDeps {
  view: LogView
  live: Live
  outlet: Outlet
  counters: FeedCounters
  resets: Resets
  slices: Slices
  /** Looks at the log again, as after a commit. */
  look(): void
  /** It has been given everything up to the frontier. */
  arrived(sub: Subscription): void
}

export function createReplay(deps: ReplayDeps): Replay {
  const { view, live, outlet, counters, resets, slices, look, arrived } = deps
  const queues = createQueues({ slices, pull })
  const cache = createPageCache(CACHE_BYTES)
  let sweptAt = 0

  /**
   * Gives a subscription one page; true if there is another to pull. There is no yield between the
   * check that nothing is left and `arrived`, so no commit can come between them.
   */
  function* pull(sub: Subscription): Generator<void, boolean> {
    resets.settle(sub)
    const { cursor } = sub
    if (isReplaying(sub) && cursor < live.frontier()) {
      const part = yield* next(sub)
      // During the read it can have left, or stalled and come back.
      if (!isReplaying(sub) || sub.cursor !== cursor) return isReplaying(sub)
      if (part === undefined || sub.missed) return true
      deliver(sub, part)
    }
    if (!isReplaying(sub)) return false
    if (sub.cursor < live.frontier()) return true
    arrived(sub)
    return false
  }

  function deliver(sub: Subscription, part: Part): void {
    const { reached, gap, bytes, text, events, last } = part
    sub.cursor = reached
    sub.sent = last ?? sub.sent
    counters.replayed += events
    if (bytes !== undefined) outlet.write(sub, framed(bytes, sub.chunked), reached)
    else if (text !== undefined) outlet.write(sub, framedText(text, sub.chunked), reached)
    if (gap === undefined || !isReplaying(sub)) return
    resets.send(sub, { reason: 'gap', to: endOfLedger(gap.to) })
  }

  /** Undefined if ledgers changed during the read: the page can lack something. */
  function* next(sub: Subscription): Generator<void, Part | undefined> {
    const { group, cursor: after } = sub
    counters.pulls += 1
    const known = cache.find(group, after)
    if (known !== undefined) {
      counters.pulledFromCache += 1
      return partOf(known, after)
    }
    const version = view.version()
    const { filter, dialect } = group
    const target = live.frontier()
    const reading = yield* view.readText({ filter, after, target, limit: PULL_PAGE, dialect })
    if (view.isStale()) look()
    if (view.version() !== version) return undefined
    // Far from the head and alone: another client is unlikely to want the same page.
    if (reading.reached < live.frontier() && queues.isAlone(sub)) return partOfReading(reading)
    const page = createPage({ group, after, reading })
    if (group.size > 0) cache.add(page)
    return partOf(page, after)
  }

  return {
    enqueue: queues.add,
    leave: queues.delete,
    close: queues.close,
    dropPages: cache.drop,
    sweep(tick) {
      if (tick - sweptAt < SWEEP_TICKS) return
      sweptAt = tick
      cache.sweep()
    },
  }
}
