import { completeThrough, endOfLedger, later, ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { Gap, Interval } from '../store/read/coverage.ts'
import type { EventFilter } from '../domain/filter.ts'
import type { LogEntry } from '../store/read/log.ts'
import type { Store } from '../store/store.ts'
import { AROUND, eventBlock } from './frame.ts'

/** What the feed reads of a store. */
export type FeedStore = Pick<Store, 'log' | 'coverage' | 'revision' | 'snapshot' | 'changes'>

/** A page of the log on the way to some target, or to the gap that lies before it. */
export interface Reading {
  entries: LogEntry[]
  /** Everything that matches up to here is in `entries`. */
  reached: Cursor
  /** Begins where the page ends; whoever goes on from there has missed it. */
  gap: Gap | undefined
}

/** The same as text, ready to be sent. */
export interface TextReading {
  text: string | undefined
  count: number
  last: Cursor | undefined
  reached: Cursor
  gap: Gap | undefined
}

/** What is different in ledgers that had been read before. */
export interface Changed {
  /** Ledgers that were missing and have been filled: a gap, in part or as a whole, or older ones. */
  healed: Interval | undefined
  /** Streams or stored events have changed: parties may have become known. */
  repaired: boolean
}

/** The log as it was at the last look: how far it goes and what it lacks. */
export interface LogView {
  /** Where the log ends. */
  end(): Cursor
  /** The position before the first event the log could hold; undefined before the first page. */
  floor(): Cursor | undefined
  /** Looks again, and says what has changed since in ledgers that were known already. */
  look(): Changed
  /** Whether another connection has committed since the last look. */
  isStale(): boolean
  /** Another number whenever what was read before may be wrong now. */
  version(): number
  /** What was read before is wrong: streams have changed without an event. */
  outdate(): void
  read(filter: EventFilter, after: Cursor, target: Cursor, limit: number): Reading
  /**
   * In steps of about a millisecond. Commits fit between them: the text is only good if `version`
   * is still the same after another look.
   */
  readText(
    filter: EventFilter,
    after: Cursor,
    target: Cursor,
    limit: number,
  ): Generator<void, TextReading>
}

/** The ledgers that a lower floor has added. */
function lowered(before: Cursor | undefined, after: Cursor | undefined): Interval | undefined {
  if (before === undefined || after === undefined || after >= before) return undefined
  return { from: completeThrough(after) + 1, to: completeThrough(before) }
}

export function createLogView(store: FeedStore): LogView {
  const { log, coverage, snapshot, changes } = store
  let end: Cursor = ORIGIN
  let floor: Cursor | undefined
  let gaps: Gap[] = []
  let revision = store.revision()
  let seen = 0
  let version = 0
  look()

  function look(): Changed {
    const before = { gaps, floor, revision }
    // In one transaction: an end that lies beyond a gap not yet known would hide the gap.
    snapshot(() => {
      seen = changes()
      gaps = coverage.gaps()
      end = coverage.checkpoint()?.cursor ?? ORIGIN
      floor = coverage.floor()
      revision = store.revision()
    })
    const healed =
      before.gaps.find(({ from, to }) => !gaps.some((gap) => gap.from <= from && gap.to >= to)) ??
      lowered(before.floor, floor)
    const repaired = revision !== before.revision
    const isCut = before.floor !== undefined && (floor ?? ORIGIN) > before.floor
    if (healed !== undefined || repaired || isCut) version += 1
    return { healed, repaired }
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

  return {
    end: () => end,
    floor: () => floor,
    look,
    isStale: () => changes() !== seen,
    version: () => version,
    outdate() {
      version += 1
    },
    read(filter, after, target, limit) {
      const { through, arrive } = wayTo(target, after)
      const { entries, next } = log.page({ filter, after, through, limit })
      return { entries, ...arrive(entries.at(-1)?.id, next) }
    },
    *readText(filter, after, target, limit) {
      const { through, arrive } = wayTo(target, after)
      if (isEverything(filter)) {
        const { text, count, last, next } = log.joined({ after, through, limit, around: AROUND })
        return { text, count, last, ...arrive(last, next) }
      }
      const { entries, next } = yield* log.scan({ filter, after, through, limit })
      const last = entries.at(-1)?.id
      const text = last === undefined ? undefined : entries.map(eventBlock).join('')
      return { text, count: entries.length, last, ...arrive(last, next) }
    },
  }
}

function isEverything({ streams, users, types }: EventFilter): boolean {
  return streams.length + users.length === 0 && types === undefined
}
