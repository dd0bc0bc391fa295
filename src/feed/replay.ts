import { endOfLedger } from '../domain/cursor.ts'
import type { FeedCounters } from './counters.ts'
import { framed } from './frame.ts'
import { createPage, createPageCache, partOf } from './pages.ts'
import type { Part } from './pages.ts'
import type { Group } from './groups.ts'
import type { Live } from './live.ts'
import type { Outlet } from './outlet.ts'
import { isReplaying } from './subscription.ts'
import type { Subscription } from './subscription.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { LogView } from './view.ts'

const PULL_PAGE = 128
/** Pages pulled before the event loop gets its turn, and while a page is on its way to the live. */
const PULLS_PER_TURN = 8
const PULLS_BESIDE_LIVE = 1
/** Of all pages that are kept to be read again. */
const CACHE_BYTES = 8 * 1024 * 1024

/** Those behind the head: each pulls its own pages, in turn, a bounded number of them at a time. */
export interface Replay {
  /** It has pages to pull. */
  enqueue(sub: Subscription): void
  leave(sub: Subscription): void
  /** Nobody has this filter any more. */
  forget(group: Group): void
  /** What the log has in old ledgers has changed. */
  outdated(): void
  /** To be called now and then: lets go of what nobody has read since. */
  sweep(): void
}

export function createReplay(deps: {
  view: LogView
  live: Live
  outlet: Outlet
  counters: FeedCounters
  /** It starts before the log does. */
  expired(sub: Subscription, floor: Cursor): void
  /** These ledgers are lost to it. */
  lost(sub: Subscription, before: Cursor, beyond: Cursor): void
  /** It has missed that a gap behind it was filled in. */
  missed(sub: Subscription): void
  /** It has been given everything that the live ones have. */
  arrived(sub: Subscription): void
}): Replay {
  const { view, live, outlet, counters, expired, lost, missed, arrived } = deps
  const queue = new Set<Subscription>()
  const cache = createPageCache(CACHE_BYTES)
  let scheduled = false

  function schedule(): void {
    if (scheduled || queue.size === 0) return
    scheduled = true
    setImmediate(turn)
  }

  function turn(): void {
    scheduled = false
    let left = live.busy() ? PULLS_BESIDE_LIVE : PULLS_PER_TURN
    for (const sub of queue) {
      if (left === 0) break
      left -= 1
      // Back to the end of the line: a long replay takes turns with the others.
      queue.delete(sub)
      if (pull(sub)) queue.add(sub)
    }
    schedule()
  }

  /** One page for one subscription; true when there is another to pull. */
  function pull(sub: Subscription): boolean {
    if (sub.missed) missed(sub)
    const floor = view.floor()
    if (floor !== undefined && sub.cursor < floor) {
      if (sub.fromOrigin) sub.cursor = floor
      else expired(sub, floor)
    }
    if (!isReplaying(sub)) return false
    if (sub.cursor < live.frontier()) {
      const { reached, gap, bytes, events, last } = next(sub)
      sub.cursor = reached
      if (bytes !== undefined && last !== undefined) {
        sub.sent = last
        counters.replayed += events
        outlet.write(sub, framed(bytes, sub.chunked), reached)
      }
      if (!isReplaying(sub)) return false
      if (gap !== undefined) lost(sub, reached, endOfLedger(gap.to))
      if (!isReplaying(sub)) return false
      if (sub.cursor < live.frontier()) return true
    }
    arrived(sub)
    return false
  }

  function next({ group, cursor }: Subscription): Part {
    counters.pulls += 1
    const known = cache.find(group, cursor)
    if (known !== undefined) {
      counters.pulledFromCache += 1
      return partOf(known, cursor)
    }
    const reading = view.readText(group.filter, cursor, live.frontier(), PULL_PAGE)
    const page = createPage(group, cursor, reading)
    cache.add(page)
    return partOf(page, cursor)
  }

  return {
    enqueue(sub) {
      queue.add(sub)
      schedule()
    },
    leave: (sub) => void queue.delete(sub),
    forget: (group) => cache.drop(group),
    outdated: () => cache.drop(),
    sweep: () => cache.sweep(),
  }
}
