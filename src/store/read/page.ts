import type { Cursor } from '../../domain/cursor.ts'
import type { EventFilter } from '../../domain/filter.ts'
import { LIMIT } from '../sqlite.ts'
import type { Sqlite } from '../sqlite.ts'
import { COLUMNS, keysOf, rangeOf, withoutLoneParty } from './log-query.ts'
import type { Key, LogEntry, LogPage, LogQuery, Order } from './log-query.ts'

interface IndexEntry {
  id: string
  type: string
}

/** The least number of index entries that are read of one key at a time. */
const MIN_DEPTH = 32

/** Reads a page of the log in one bounded step: it may be empty and still have a `next`. */
export function createPage(sqlite: Sqlite): (query: LogQuery) => LogPage {
  const statements = {
    asc: prepare(sqlite, 'asc'),
    desc: prepare(sqlite, 'desc'),
  }
  const byId = sqlite.prepare<[string], LogEntry>(`select ${COLUMNS} from events where id = ?`)

  return ({ filter: asked, order = 'asc', limit, ...query }) => {
    const { low, high } = rangeOf(query)
    const filter = withoutLoneParty(asked)
    const keys = keysOf(filter)
    const { all, ofKey } = statements[order]
    if (keys === undefined) {
      const found = all.all(low, high, limit + 1)
      const entries = found.slice(0, limit)
      return { entries, next: found.length > limit ? entries.at(-1)?.id : undefined }
    }
    const depth = Math.max(MIN_DEPTH, Math.ceil((2 * limit) / keys.length))
    const scans = keys.map(({ index, value }) => ofKey[index].all(value, low, high, depth))
    const merged = merge(scans, { depth, order })
    const types = filter.types && new Set(filter.types)
    const wanted = merged.entries.filter(({ type }) => types?.has(type) ?? true)
    const page = wanted.slice(0, limit)
    const next = wanted.length > limit ? page.at(-1)?.id : merged.next
    const entries = page.flatMap(({ id }) => byId.get(id) ?? [])
    return { entries: ofParty(entries, filter), next }
  }
}

/** The check comes last, so a page of a party may be short, or empty, and still have a `next`. */
function ofParty(entries: LogEntry[], { party }: EventFilter): LogEntry[] {
  if (party === undefined) return entries
  return entries.filter(({ sender, recipient }) => sender === party || recipient === party)
}

function prepare(sqlite: Sqlite, order: Order) {
  const ofKey = (column: Key['index'], index: string) =>
    sqlite.prepare<[string, string, string, number], IndexEntry>(
      `select id, type from events indexed by ${index}
       where ${column} = ? and id > ? and id < ? order by id ${order} limit ${LIMIT}`,
    )
  return {
    all: sqlite.prepare<[string, string, number], LogEntry>(
      `select ${COLUMNS} from events where id > ? and id < ? order by id ${order} limit ${LIMIT}`,
    ),
    ofKey: {
      stream_id: ofKey('stream_id', 'events_by_stream'),
      sender: ofKey('sender', 'events_by_sender'),
      recipient: ofKey('recipient', 'events_by_recipient'),
      type: ofKey('type', 'events_by_type'),
    },
  }
}

/**
 * Unites ordered scans. A scan that has `depth` entries was cut off there, so the union is complete
 * only up to the earliest of these cuts, which is `next`.
 */
function merge(scans: IndexEntry[][], { depth, order }: { depth: number; order: Order }) {
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
