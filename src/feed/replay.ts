import { endOfLedger } from '../domain/cursor.ts'
import type { Slices } from '../store/slices.ts'
import type { FeedCounters } from './counters.ts'
import { framed, framedText } from './frame.ts'
import type { Live } from './live.ts'
import type { Outlet } from './outlet.ts'
import { createPage, createPageCache, partOf, partOfReading } from './pages.ts'
import type { Part } from './pages.ts'
import type { Resets } from './resets.ts'
import { isReplaying } from './subscription.ts'
import type { Group, Subscription } from './subscription.ts'
import type { LogView } from './view.ts'

const PULL_PAGE = 128
/** Of all pages that are kept to be read again. */
const CACHE_BYTES = 8 * 1024 * 1024

/**
 * The subscriptions behind the head: each pulls its own pages. Those of one address wait in one
 * line, and the lines share the time that there is for such work (`slices`): one address with a
 * thousand replays delays another by no more than if it had one.
 */
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
  resets: Resets
  slices: Slices
  /** Looks at the log again, as after a commit. */
  look(): void
  /** It has been given everything that the live ones have. */
  arrived(sub: Subscription): void
}): Replay {
  const { view, live, outlet, counters, resets, slices, look, arrived } = deps
  /** Of each address, in the order in which they pull. */
  const lines = new Map<string, Set<Subscription>>()
  const cache = createPageCache(CACHE_BYTES)

  function startLine(address: string, first: Subscription): void {
    const line = new Set([first])
    lines.set(address, line)
    // Not at once: the caller is in the middle of its own step.
    setImmediate(() => {
      // An error here is one of SQLite, or a broken promise: it ends the process, as in a commit.
      slices.run(address, serve(address, line)).catch((error: unknown) => {
        setImmediate(() => {
          throw error
        })
      })
    })
  }

  function* serve(address: string, line: Set<Subscription>): Generator<void, void> {
    // A subscription that went to the end of the line is met again.
    for (const sub of line) {
      line.delete(sub)
      if (yield* pull(sub)) line.add(sub)
      yield
    }
    lines.delete(address)
  }

  /**
   * One page for one subscription; true if there is another to pull. Between the check that
   * nothing is left and `arrived` there is no yield, so no commit can fit between them.
   */
  function* pull(sub: Subscription): Generator<void, boolean> {
    resets.settle(sub)
    const { cursor } = sub
    if (isReplaying(sub) && cursor < live.frontier()) {
      const part = yield* next(sub)
      // It may have left meanwhile, or stalled and come back.
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
    if (gap !== undefined && isReplaying(sub)) resets.send(sub, 'gap', endOfLedger(gap.to))
  }

  /** Undefined if ledgers that had been read have changed since: the page may lack something. */
  function* next(sub: Subscription): Generator<void, Part | undefined> {
    const { group, cursor } = sub
    counters.pulls += 1
    const known = cache.find(group, cursor)
    if (known !== undefined) {
      counters.pulledFromCache += 1
      return partOf(known, cursor)
    }
    const version = view.version()
    const reading = yield* view.readText(group.filter, cursor, live.frontier(), PULL_PAGE)
    if (view.isStale()) look()
    if (view.version() !== version) return undefined
    // Far from the head and alone: nobody is likely to want the same page.
    if (reading.reached < live.frontier() && isAlone(sub)) return partOfReading(reading)
    const page = createPage(group, cursor, reading)
    if (group.size > 0) cache.add(page)
    return partOf(page, cursor)
  }

  function isAlone({ address }: Subscription): boolean {
    return lines.size <= 1 && (lines.get(address)?.size ?? 0) === 0
  }

  return {
    enqueue(sub) {
      const line = lines.get(sub.address)
      if (line === undefined) startLine(sub.address, sub)
      else line.add(sub)
    },
    leave: (sub) => void lines.get(sub.address)?.delete(sub),
    forget: (group) => cache.drop(group),
    outdated: () => cache.drop(),
    sweep: () => cache.sweep(),
  }
}
