import type { Cursor } from '../../domain/cursor.ts'
import { COLUMNS, keysOf, rangeOf } from './log-query.ts'
import type { Key, LogEntry, LogPage, LogQuery, Order } from './log-query.ts'
import type { Sqlite } from '../sqlite.ts'
import { createScan } from './scan.ts'

export type { LogEntry, LogPage, LogQuery } from './log-query.ts'

/** Texts around an entry's type, data and id, in this order. */
export type Around = readonly [string, string, string, string]

export interface JoinedPage {
  /** The entries one after the other. Undefined where there are none. */
  text: string | undefined
  count: number
  /** The last entry's id. */
  last: Cursor | undefined
  next: Cursor | undefined
}

export interface Log {
  /**
   * A page of matching entries. Its work is bounded by `limit`, however rare the matches are: a
   * page may be empty and still have a `next`.
   */
  page(query: LogQuery): LogPage
  /**
   * The same in steps of about a millisecond, and full: a page is short only at the end of the
   * range. Between two steps the log may grow, so the range should have an end.
   */
  scan(query: LogQuery): Generator<void, LogPage>
  /**
   * All entries after `after` and up to `through`, as one text. It is put together where the
   * rows are: no object is made of any of them, which is twice as fast.
   */
  joined(query: { after: Cursor; through: Cursor; limit: number; around: Around }): JoinedPage
  /** Events by type. */
  counts(): ReadonlyMap<string, number>
}

interface IndexEntry {
  id: string
  type: string
}

/** The least number of index entries read of one key at a time. */
const MIN_SCAN = 32

export function createLog(sqlite: Sqlite): Log {
  const statements = {
    asc: prepare(sqlite, 'asc'),
    desc: prepare(sqlite, 'desc'),
  }
  const byId = sqlite.prepare(`select ${COLUMNS} from events where id = ?`)
  const joined = sqlite.prepare(
    `select count(*) as count, max(id) as last,
       group_concat(? || type || ? || data || ? || id || ?, '') as text
     from (select id, type, data from events where id > ? and id <= ? order by id limit ?)`,
  )
  const counts = sqlite.prepare('select type, count from event_counts')

  return {
    scan: createScan(sqlite),

    page({ filter, order = 'asc', limit, ...query }) {
      const { low, high } = rangeOf(query)
      const keys = keysOf(filter)
      const { all, scan } = statements[order]
      if (keys === undefined) {
        const found = all.all(low, high, limit + 1) as LogEntry[]
        const entries = found.slice(0, limit)
        return { entries, next: found.length > limit ? entries.at(-1)?.id : undefined }
      }
      const depth = Math.max(MIN_SCAN, Math.ceil((2 * limit) / keys.length))
      const scans = keys.map(
        ({ index, value }) => scan[index].all(value, low, high, depth) as IndexEntry[],
      )
      const merged = merge(scans, depth, order)
      const types = filter.types && new Set(filter.types)
      const wanted = merged.entries.filter(({ type }) => types?.has(type) ?? true)
      const ids = wanted.slice(0, limit)
      const cut = wanted.length > limit ? ids.at(-1)?.id : merged.next
      return { entries: ids.map(({ id }) => byId.get(id) as LogEntry), next: cut }
    },

    joined({ after, through, limit, around }) {
      const { count, last, text } = joined.get(...around, after, through, limit) as {
        count: number
        last: Cursor | null
        text: string | null
      }
      const next = count === limit ? last : null
      return { text: text ?? undefined, count, last: last ?? undefined, next: next ?? undefined }
    },

    counts() {
      const rows = counts.all() as { type: string; count: number }[]
      return new Map(rows.map(({ type, count }) => [type, count]))
    },
  }
}

function prepare(sqlite: Sqlite, order: Order) {
  const scan = (index: Key['index'], name: string) =>
    sqlite.prepare(
      `select id, type from events indexed by ${name}
       where ${index} = ? and id > ? and id < ? order by id ${order} limit ?`,
    )
  return {
    all: sqlite.prepare(
      `select ${COLUMNS} from events where id > ? and id < ? order by id ${order} limit ?`,
    ),
    scan: {
      stream_id: scan('stream_id', 'events_by_stream'),
      sender: scan('sender', 'events_by_sender'),
      recipient: scan('recipient', 'events_by_recipient'),
      type: scan('type', 'events_by_type'),
    },
  }
}

/** Unites ordered scans, each cut at `depth`, up to where all of them are known. */
function merge(scans: IndexEntry[][], depth: number, order: Order) {
  const earlier =
    order === 'asc' ? (a: string, b: string) => a < b : (a: string, b: string) => a > b
  let next: Cursor | undefined
  for (const entries of scans) {
    const last = entries.length === depth ? entries.at(-1)?.id : undefined
    if (last !== undefined && (next === undefined || earlier(last, next))) next = last
  }
  const types = new Map<string, string>()
  for (const entries of scans) {
    for (const { id, type } of entries) {
      if (next === undefined || !earlier(next, id)) types.set(id, type)
    }
  }
  const entries = [...types].map(([id, type]) => ({ id, type }))
  entries.sort((a, b) => (earlier(a.id, b.id) ? -1 : 1))
  return { entries, next }
}
