import { endOfLedger, later, ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { EventFilter } from '../domain/filter.ts'
import type { Gap, Interval } from '../store/read/coverage.ts'
import { firstFilled } from '../store/read/filled.ts'
import type { LogEntry } from '../store/read/log.ts'
import type { Store } from '../store/store.ts'
import type { Dialect } from './dialect.ts'
import { AROUND, eventBlock } from './frame.ts'

/** What the feed reads of a store. */
export type FeedStore = Pick<
  Store,
  'log' | 'coverage' | 'corrections' | 'revision' | 'snapshot' | 'changes'
>

interface ReadOptions {
  filter: EventFilter
  after: Cursor
  /** A position up to which the log is known. */
  target: Cursor
  /** Entries at most. */
  limit: number
}

/** One page of the log. It ends at its limit, at the target, or where a gap begins. */
export interface Reading {
  entries: LogEntry[]
  /** Everything that matches up to here is in `entries`. */
  reached: Cursor
  /** The gap that begins where the page ends. */
  gap: Gap | undefined
}

/** The same as text, ready to be sent. */
export interface TextReading {
  /** Undefined if nothing matches. */
  text: string | undefined
  count: number
  /** The id of the last event. */
  last: Cursor | undefined
  reached: Cursor
  gap: Gap | undefined
}

/** What has changed in ledgers that were read before. */
export interface Changes {
  /** Ledgers that were missing and are known now: a gap or part of it, or ledgers before the log. */
  filled: Interval | undefined
  /** Stored events or streams have changed, for example because their parties became known. */
  repaired: boolean
}

/** The log as it was at the last look: where it ends, and what is missing in it. */
export interface LogView {
  /** Where the log ends. */
  end(): Cursor
  /** The position before the first event the log can hold; undefined before the first page. */
  floor(): Cursor | undefined
  /** Whether a client that comes back with this position may have read what is different now. */
  isCorrected(position: Cursor): boolean
  /** Looks at the log again; returns what has changed since the last look. */
  look(): Changes
  /** Whether another connection has committed since the last look. */
  isStale(): boolean
  /** Changes whenever pages that were read before can be wrong. */
  version(): number
  /** Pages that were read before are wrong: streams have changed without an event. */
  invalidate(): void
  read(options: ReadOptions): Reading
  /**
   * Reads in steps of about a millisecond. A commit can come between two steps: the text is valid
   * only if `version` is still the same after another look.
   */
  readText(options: ReadOptions & { dialect?: Dialect | undefined }): Generator<void, TextReading>
}

export function createLogView(store: FeedStore): LogView {
  const { log, coverage, snapshot, changes } = store
  let end: Cursor = ORIGIN
  let floor: Cursor | undefined
  let gaps: Gap[] = []
  let revision = store.revision()
  let corrections = store.corrections()
  let seen = 0
  let version = 0
  look()

  function look(): Changes {
    const before = { gaps, floor, revision }
    // In one transaction: an end beyond a gap that is not known yet would hide the gap.
    snapshot(() => {
      seen = changes()
      gaps = coverage.gaps()
      end = coverage.checkpoint()?.cursor ?? ORIGIN
      floor = coverage.floor()
      revision = store.revision()
    })
    const filled = firstFilled(before, { gaps, floor })
    const repaired = revision !== before.revision
    if (filled !== undefined || repaired) corrections = store.corrections()
    const isCut = before.floor !== undefined && (floor ?? ORIGIN) > before.floor
    if (filled !== undefined || repaired || isCut) version += 1
    return { filled, repaired }
  }

  /** How far to read for the entries between `after` and `target`, and how far that leads. */
  function plan({ after, target }: ReadOptions) {
    const gap = gaps.find(({ to }) => endOfLedger(to) > after && endOfLedger(to) <= target)
    // A gap can begin inside a ledger: the entries that the log has of that ledger come first.
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
    isCorrected: (position) =>
      corrections.some((each) => each.reach <= position && position <= each.end),
    look,
    isStale: () => changes() !== seen,
    version: () => version,
    invalidate() {
      version += 1
    },
    read(options) {
      const { filter, after, limit } = options
      const { through, arrive } = plan(options)
      const { entries, next } = log.page({ filter, after, through, limit })
      return { entries, ...arrive(entries.at(-1)?.id, next) }
    },
    *readText(options) {
      const { filter, after, limit, dialect } = options
      const { through, arrive } = plan(options)
      if (dialect === undefined && matchesEverything(filter)) {
        const { text, count, last, next } = log.joined({ after, through, limit, around: AROUND })
        return { text, count, last, ...arrive(last, next) }
      }
      const { entries, next } = yield* log.scan({ filter, after, through, limit })
      const last = entries.at(-1)?.id
      const text =
        last === undefined ? undefined : entries.map(dialect?.eventBlock ?? eventBlock).join('')
      return { text, count: entries.length, last, ...arrive(last, next) }
    },
  }
}

function matchesEverything({ streams, users, types }: EventFilter): boolean {
  return streams.length + users.length === 0 && types === undefined
}
