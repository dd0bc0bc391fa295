import type { Cursor } from '../domain/cursor.ts'
import type { Sqlite } from './open.ts'

/** An entry of the event log; `data` is the event's public JSON. */
export interface LogEntry {
  id: string
  type: string
  streamId: string | null
  sender: string | null
  recipient: string | null
  data: string
}

/** Streams and users are OR-ed; none of either means every event. `types` narrows. */
export interface EventFilter {
  streams: readonly string[]
  users: readonly string[]
  /** Undefined: every type, `unrecognised` among them where neither streams nor users are given. */
  types: readonly string[] | undefined
}

export interface LogQuery {
  filter: EventFilter
  /** Exclusive; undefined: from the log's beginning. */
  after?: Cursor | undefined
  /** `through` is inclusive, `before` exclusive. */
  through?: Cursor | undefined
  before?: Cursor | undefined
  order?: 'asc' | 'desc'
  limit: number
}

export interface LogPage {
  entries: LogEntry[]
  /**
   * Where the next page starts: everything that matches up to here (in `order`) is in `entries`.
   * Undefined when the whole range was read.
   */
  next: Cursor | undefined
}

/** Texts around an entry's type, data and id, in this order. */
export type Around = readonly [string, string, string, string]

export interface JoinedPage {
  /** UTF-8; the entries one after the other. Undefined where there are none. */
  text: Buffer | undefined
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
   * All entries behind `after` and not behind `through`, as one text. It is put together where the
   * rows are: no object is made of any of them, which is twice as fast.
   */
  joined(query: { after: Cursor; through: Cursor; limit: number; around: Around }): JoinedPage
  /** Events by type. */
  counts(): ReadonlyMap<string, number>
}

interface Key {
  index: 'stream_id' | 'sender' | 'recipient' | 'type'
  value: string
}

interface IndexEntry {
  id: string
  type: string
}

/** Every position is between these in text order. */
const LOWEST = ''
const HIGHEST = '~'
/** The least number of index entries read of one key at a time. */
const MIN_SCAN = 32

const COLUMNS = 'id, type, stream_id as streamId, sender, recipient, data'

export function createLog(sqlite: Sqlite): Log {
  const statements = {
    asc: prepare(sqlite, 'asc'),
    desc: prepare(sqlite, 'desc'),
  }
  const byId = sqlite.prepare(`select ${COLUMNS} from events where id = ?`)
  const joined = sqlite.prepare(
    `select count(*) as count, max(id) as last,
       cast(group_concat(? || type || ? || data || ? || id || ?, '') as blob) as text
     from (select id, type, data from events where id > ? and id <= ? order by id limit ?)`,
  )
  const counts = sqlite.prepare('select type, count from event_counts')

  return {
    page({ filter, after, through, before, order = 'asc', limit }) {
      const low = after ?? LOWEST
      // One bound serves both: nothing sorts between a position and itself with a space behind.
      const high = lowest(through === undefined ? HIGHEST : `${through} `, before ?? HIGHEST)
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
        text: Buffer | null
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

function prepare(sqlite: Sqlite, order: 'asc' | 'desc') {
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

/** The index ranges whose union holds every match; undefined when that is the whole log. */
function keysOf({ streams, users, types }: EventFilter): Key[] | undefined {
  if (streams.length === 0 && users.length === 0) {
    return types?.map((value) => ({ index: 'type', value }))
  }
  return [
    ...streams.map((value): Key => ({ index: 'stream_id', value })),
    ...users.flatMap((value): Key[] => [
      { index: 'sender', value },
      { index: 'recipient', value },
    ]),
  ]
}

/** Unites ordered scans, each cut at `depth`, up to where all of them are known. */
function merge(scans: IndexEntry[][], depth: number, order: 'asc' | 'desc') {
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

function lowest(a: string, b: string): string {
  return a < b ? a : b
}
