import { endOfLedger, later, ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { Gap } from '../store/coverage.ts'
import type { EventFilter, LogEntry } from '../store/log.ts'
import type { Store } from '../store/store.ts'
import { AROUND, eventBlock } from './frame.ts'

/** What the feed reads of a store. */
export type FeedStore = Pick<Store, 'log' | 'coverage' | 'chain' | 'snapshot'>

/** The same as text, ready to be sent. */
export interface TextReading {
  text: Buffer | undefined
  count: number
  last: Cursor | undefined
  reached: Cursor
  gap: Gap | undefined
}

/** A page of the log on the way to some target, or to the gap that lies before it. */
export interface Reading {
  entries: LogEntry[]
  /** Everything that matches up to here is in `entries`. */
  reached: Cursor
  /** Begins where the page ends; whoever goes on from there has missed it. */
  gap: Gap | undefined
}

/** What is different in ledgers that had been read before. */
export interface Changed {
  /** The first gap that has been filled, as a whole or in part. */
  healed: Gap | undefined
  /** Records of the chain were stored: parties of events may have become known. */
  repaired: boolean
}

/** The log as it was when somebody last looked: how far it goes and what it lacks. */
export interface LogView {
  /** Where the log ends. */
  end(): Cursor
  /** The position before the first event the log could hold; undefined before the first page. */
  floor(): Cursor | undefined
  /** Looks again, and says what has changed since in ledgers that were known already. */
  look(): Changed
  read(filter: EventFilter, after: Cursor, target: Cursor, limit: number): Reading
  readText(filter: EventFilter, after: Cursor, target: Cursor, limit: number): TextReading
}

export function createLogView({ log, coverage, chain, snapshot }: FeedStore): LogView {
  let end: Cursor = ORIGIN
  let floor: Cursor | undefined
  let gaps: Gap[] = []
  let taken: string | undefined
  look()

  function look(): Changed {
    const before = { gaps, taken }
    // In one transaction: an end that lies beyond a gap not yet known would hide the gap.
    snapshot(() => {
      gaps = coverage.gaps()
      end = coverage.checkpoint()?.cursor ?? ORIGIN
      floor = coverage.floor()
      taken = chain.lastTaken()
    })
    return {
      healed: before.gaps.find(
        ({ from, to }) => !gaps.some((gap) => gap.from <= from && gap.to >= to),
      ),
      repaired: taken !== before.taken,
    }
  }

  /** The gap that lies before the target, and how far to read to know what comes before it. */
  function wayTo(target: Cursor, after: Cursor) {
    const gap = gaps.find(({ to }) => endOfLedger(to) > after && endOfLedger(to) <= target)
    // A gap can begin inside a ledger: what the log has of that ledger comes first.
    const through = gap === undefined ? target : endOfLedger(gap.to)
    const arrive = (last: Cursor | undefined, next: Cursor | undefined) => {
      if (next !== undefined) return { reached: next, gap: undefined }
      if (gap === undefined) return { reached: target, gap }
      return { reached: later(endOfLedger(gap.from - 1), last ?? after), gap }
    }
    return { through, arrive }
  }

  function read(filter: EventFilter, after: Cursor, target: Cursor, limit: number): Reading {
    const { through, arrive } = wayTo(target, after)
    const { entries, next } = log.page({ filter, after, through, limit })
    return { entries, ...arrive(entries.at(-1)?.id, next) }
  }

  return {
    end: () => end,
    floor: () => floor,
    look,
    read,
    readText(filter, after, target, limit) {
      if (filter.streams.length + filter.users.length > 0 || filter.types !== undefined) {
        const { entries, reached, gap } = read(filter, after, target, limit)
        const text =
          entries.length === 0 ? undefined : Buffer.from(entries.map(eventBlock).join(''))
        return { text, count: entries.length, last: entries.at(-1)?.id, reached, gap }
      }
      const { through, arrive } = wayTo(target, after)
      const { text, count, last, next } = log.joined({ after, through, limit, around: AROUND })
      return { text, count, last, ...arrive(last, next) }
    },
  }
}
