import type { LedgerPage, PageStart } from '../source/source.ts'

/**
 * Pages that become one transaction. A commit writes every index page that it touched, so a backlog
 * costs a fifth of the writes, and half of the time, when a commit holds ten pages instead of one.
 */
export interface Batch {
  /** Adds the page that follows. Throws when it would take the cursor backwards. */
  add(start: PageStart, page: LedgerPage): void
  /** Whether it holds enough, or has been open for long enough, to be committed. */
  isDue(now: number): boolean
  /** Everything added since the last time, as one page; undefined when there is nothing. */
  take(): { start: PageStart; page: LedgerPage } | undefined
}

/** What one transaction may hold, and how long its first page may wait for it. */
export interface BatchLimits {
  events: number
  milliseconds: number
}

/** Some 60 MB of memory, and two seconds of work. */
export const BATCH_LIMITS: BatchLimits = { events: 20_000, milliseconds: 2_000 }

export function createBatch(limits: BatchLimits, now: () => number): Batch {
  let held: { start: PageStart; pages: LedgerPage[]; events: number; openedAt: number } | undefined

  return {
    add(start, page) {
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
      const page = pages.length === 1 ? last : { ...last, events: pages.flatMap(eventsOf) }
      return { start, page }
    },
  }
}

function eventsOf({ events }: LedgerPage): LedgerPage['events'] {
  return events
}
