import { endOfLedger, ledgerOf } from '../../domain/cursor.ts'
import type { Cursor } from '../../domain/cursor.ts'
import type { RawEvent } from '../../domain/event.ts'
import { decodeRaw } from '../raw.ts'
import { LIMIT } from '../sqlite.ts'
import type { Sqlite } from '../sqlite.ts'
import { COLUMNS } from './log-query.ts'
import type { LogEntry, LogPage, LogQuery } from './log-query.ts'
import { createPage } from './page.ts'
import { createScan } from './scan.ts'
import type { Walk } from './scan.ts'

export type { LogEntry, LogPage, LogQuery } from './log-query.ts'

/**
 * Reads the event log. `page` answers in one bounded step, for the feed and other short reads.
 * `scan` fills its page however rare the matches are, in many steps. `joined` is for reads without
 * a filter.
 */
export interface Log {
  /**
   * A page of matching entries. `limit` bounds its work, however rare the matches are: a page may be
   * empty and still have a `next`.
   */
  page(query: LogQuery): LogPage
  /**
   * A full page, in steps of about a millisecond: it is short only at the end of the range. The log
   * may grow between two steps, so the range should have an end.
   */
  scan(query: LogQuery): Generator<void, LogPage>
  /** The ids of all matches in order, batch by batch. Each batch takes about a millisecond. */
  walk: Walk
  /** The entries with these ids, in their order; ids that the log does not have are left out. */
  entries(ids: readonly Cursor[]): LogEntry[]
  /** An event as the source gave it. */
  original(id: Cursor): RawEvent | undefined
  /**
   * All entries after `after` and up to `through` as one text. SQLite joins it: without an object
   * for each row this is twice as fast.
   */
  joined(query: { after: Cursor; through: Cursor; limit: number; around: Around }): JoinedPage
  /** The ledger of the first event at or after a time (Unix seconds); after the log, if none is. */
  firstLedgerSince(time: number): number
  /** Number of events by type. */
  counts(): ReadonlyMap<string, number>
}

/** Texts around an entry's type, data and id, in this order. */
export type Around = readonly [string, string, string, string]

export interface JoinedPage {
  /** Undefined if there are no entries. */
  text: string | undefined
  count: number
  /** The last entry's id. */
  last: Cursor | undefined
  next: Cursor | undefined
}

export function createLog(sqlite: Sqlite): Log {
  const joined = sqlite.prepare<unknown[], Joined>(
    `select count(*) as count, max(id) as last,
       group_concat(? || type || ? || data || ? || id || ?, '') as text
     from (select id, type, data from events where id > ? and id <= ? order by id limit ${LIMIT})`,
  )
  const withIds = sqlite.prepare<[string], LogEntry>(
    `select ${COLUMNS} from (select value from json_each(?)) cross join events on id = value`,
  )
  const withRaw = sqlite.prepare<[Cursor], { raw: string; data: string }>(
    'select raw, data from events where id = ?',
  )
  const counts = sqlite
    .prepare<[], [type: string, count: number]>('select type, count from event_counts')
    .raw()

  return {
    page: createPage(sqlite),
    ...createScan(sqlite),
    entries: (ids) => withIds.all(JSON.stringify(ids)),
    original(id) {
      const row = withRaw.get(id)
      return row && decodeRaw(row)
    },
    joined({ after, through, limit, around }) {
      const found = joined.get(...around, after, through, limit)
      const { count, last, text } = found ?? { count: 0, last: null, text: null }
      const next = count === limit ? last : null
      return { text: text ?? undefined, count, last: last ?? undefined, next: next ?? undefined }
    },
    firstLedgerSince: createTimes(sqlite),
    counts: () => new Map(counts.all()),
  }
}

interface Joined {
  count: number
  last: Cursor | null
  text: string | null
}

/** Finds a time in the log by bisection: close times grow with the ledgers. */
function createTimes(sqlite: Sqlite): (time: number) => number {
  const newest = sqlite.prepare<[], Cursor | null>('select max(id) from events').pluck()
  const next = sqlite.prepare<[Cursor], { id: Cursor; time: number }>(
    `select id, data ->> 'timestamp' as time from events where id > ? order by id limit 1`,
  )
  return (time) => {
    const last = newest.get()
    // The ledger that is wanted is after `low` and not after `high`.
    let low = 0
    let high = last ? ledgerOf(last) + 1 : 1
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      const found = next.get(endOfLedger(middle - 1))
      if (found === undefined || found.time >= time) high = middle
      else low = ledgerOf(found.id)
    }
    return high
  }
}
