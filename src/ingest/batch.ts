import type { LedgerPage, PageStart } from '../source/source.ts'
import type { FetchedPage } from './pages.ts'

/**
 * Pages that are committed in one transaction. A commit writes each index page that it touched, so
 * with ten pages in a commit a backlog costs a fifth of the writes and half of the time.
 */
export interface PageBatch {
  /** Adds the next page. Throws if it would move the cursor backwards. */
  add(fetched: FetchedPage): void
  /** Whether it is full, or has been open for too long. */
  isDue(now: number): boolean
  /** The pages added since the last call, joined into one; undefined if there are none. */
  take(): FetchedPage | undefined
}

/** How much one transaction may hold, and how long its first page may wait. */
export interface BatchLimits {
  events: number
  milliseconds: number
}

/** About 60 MB of memory and two seconds of work. */
export const BATCH_LIMITS: BatchLimits = { events: 20_000, milliseconds: 2_000 }

export function createPageBatch(limits: BatchLimits, now: () => number): PageBatch {
  let held: { start: PageStart; pages: LedgerPage[]; events: number; openedAt: number } | undefined

  return {
    add({ start, page }) {
      if ('after' in start && page.cursor < start.after) {
        throw new Error(`the page after ${start.after} ended at ${page.cursor}, before it`)
      }
      held ??= { start, pages: [], events: 0, openedAt: now() }
      held.pages.push(page)
      held.events += page.events.length
    },
    isDue(time) {
      if (held === undefined) return false
      return held.events >= limits.events || time - held.openedAt >= limits.milliseconds
    },
    take() {
      if (held === undefined) return undefined
      const { start, pages } = held
      held = undefined
      const last = pages.at(-1)!
      const events = pages.length === 1 ? last.events : pages.flatMap((page) => page.events)
      return { start, page: { ...last, events } }
    },
  }
}
