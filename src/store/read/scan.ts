import type { Cursor } from '../../domain/cursor.ts'
import { COLUMNS, keysOf, rangeOf } from './log-query.ts'
import type { EventFilter } from '../../domain/filter.ts'
import type { Key, LogEntry, LogPage, LogQuery, Order, Range } from './log-query.ts'
import { createMerge } from './merge.ts'
import type { MergeQuery } from './merge.ts'
import type { Sqlite } from '../sqlite.ts'

/** Each step takes about half a millisecond: rows with their JSON, and rows without. */
const ROWS_PER_STEP = 150
const HEADS_PER_STEP = 400
/** From so many keys on, the log itself may be the shorter way. */
const MANY_KEYS = 64
/** Rows that cost about as much as a few searches for a key. */
const ROWS_PER_KEY = 4
const FEW_EVENTS = 256

type Head = [
  id: Cursor,
  type: string,
  stream: string | null,
  from: string | null,
  to: string | null,
]

/**
 * Reads a page of the log in steps of about a millisecond, however many keys the filter has and
 * however rare its matches are. There are three ways to find the matches, each of which gives them
 * in order: walk the log itself (wide filters), read the few events of a rare type, or merge the
 * index ranges of all keys.
 */
export function createScan(sqlite: Sqlite): (query: LogQuery) => Generator<void, LogPage> {
  const merged = createMerge(sqlite)
  const ordered = (columns: string, order: Order) =>
    sqlite.prepare(
      `select ${columns} from events where id > ? and id < ? order by id ${order} limit ?`,
    )
  const rows = { asc: ordered(COLUMNS, 'asc'), desc: ordered(COLUMNS, 'desc') }
  const heads = { asc: ordered(HEAD, 'asc').raw(), desc: ordered(HEAD, 'desc').raw() }
  const named = (columns: string) =>
    sqlite.prepare(
      `select ${columns} from (select value from json_each(?)) cross join events on id = value`,
    )
  const rowsOf = named(COLUMNS)
  const headsOf = named(HEAD).raw()
  const countOf = sqlite.prepare('select count from event_counts where type = ?').pluck()

  function* everything(query: LogQuery): Generator<void, LogPage> {
    const { order = 'asc', limit } = query
    let range = rangeOf(query)
    const entries: LogEntry[] = []
    for (;;) {
      // One more than asked for tells whether there is a next page.
      const most = Math.min(ROWS_PER_STEP, limit + 1 - entries.length)
      const some = rows[order].all(range.low, range.high, most) as LogEntry[]
      const last = some.at(-1)
      entries.push(...some)
      if (entries.length > limit) {
        entries.pop()
        return { entries, next: entries.at(-1)?.id }
      }
      if (last === undefined || some.length < most) return { entries, next: undefined }
      range = restOf(range, last.id, order)
      yield
    }
  }

  /** Ids that match, in order, batch by batch; a batch may be empty. */
  function* matches(query: LogQuery, keys: readonly Key[]): Generator<Cursor[], void> {
    const { filter, order = 'asc', limit } = query
    const hasParties = filter.streams.length + filter.users.length > 0
    const types = hasParties ? filter.types : undefined
    const ofTypes = types && keysOf({ streams: [], users: [], types })
    const isWide = keys.length >= MANY_KEYS
    // So wide a filter may match every few rows: as far as a few rounds over all keys would cost.
    let most = isWide ? ROWS_PER_KEY * keys.length : 0
    if (ofTypes !== undefined && isRare(ofTypes, keys)) most = Number.POSITIVE_INFINITY
    let range: Range | undefined = rangeOf(query)
    if (most > 0) {
      range = ofTypes
        ? yield* chosen(filter, { keys: ofTypes, range, order, limit }, most)
        : yield* walked(filter, range, order, most)
    }
    if (range !== undefined) yield* merged({ keys, range, order, limit, types })
  }

  function isRare(types: readonly Key[], keys: readonly Key[]): boolean {
    let total = 0
    for (const { value } of types) total += (countOf.get(value) as number | undefined) ?? 0
    return total <= ROWS_PER_KEY * keys.length + FEW_EVENTS
  }

  /**
   * Reads about so many events of the types, and keeps those that match streams and users; returns
   * what is left of the range, if anything is.
   */
  function* chosen(
    filter: EventFilter,
    query: MergeQuery,
    most: number,
  ): Generator<Cursor[], Range | undefined> {
    const isWanted = matcherOf(filter)
    let seen = 0
    for (const batch of merged(query)) {
      for (let at = 0; at < batch.length; at += HEADS_PER_STEP) {
        const some = batch.slice(at, at + HEADS_PER_STEP)
        const read = headsOf.all(JSON.stringify(some)) as Head[]
        yield read.filter(isWanted).map(([id]) => id)
        seen += some.length
        const last = some.at(-1)
        if (last !== undefined && seen >= most) return restOf(query.range, last, query.order)
      }
      if (batch.length === 0) yield batch
    }
    return undefined
  }

  /** Walks the log over about so many rows; returns what is left of the range, if anything is. */
  function* walked(
    filter: EventFilter,
    start: Range,
    order: Order,
    most: number,
  ): Generator<Cursor[], Range | undefined> {
    const isWanted = matcherOf(filter)
    let range = start
    for (let seen = 0; seen < most; seen += HEADS_PER_STEP) {
      const some = heads[order].all(range.low, range.high, HEADS_PER_STEP) as Head[]
      yield some.filter(isWanted).map(([id]) => id)
      const last = some.at(-1)
      if (last === undefined || some.length < HEADS_PER_STEP) return undefined
      range = restOf(range, last[0], order)
    }
    return range
  }

  /** Keeps of each batch the entries that also meet the filter's `party`. */
  function* visible(
    batches: Iterable<Cursor[]>,
    isVisible: (head: Head) => boolean,
  ): Generator<Cursor[], void> {
    for (const batch of batches) {
      if (batch.length === 0) yield batch
      for (let at = 0; at < batch.length; at += HEADS_PER_STEP) {
        const read = headsOf.all(JSON.stringify(batch.slice(at, at + HEADS_PER_STEP))) as Head[]
        yield read.filter(isVisible).map(([id]) => id)
      }
    }
  }

  /** Ids that match. For a party, the shorter list is walked and the other one is checked. */
  function matchesOf(query: LogQuery, keys: readonly Key[]): Iterable<Cursor[]> {
    const { filter } = query
    const { party, ...others } = filter
    if (party === undefined) return matches(query, keys)
    const own = { streams: [], users: [party], types: filter.types }
    const [walk, check] = filter.users.length === 0 ? [others, own] : [own, others]
    return visible(matches({ ...query, filter: walk }, keysOf(walk) ?? []), matcherOf(check))
  }

  return function* scan(query) {
    const keys = keysOf(query.filter)
    if (keys === undefined) return yield* everything(query)
    const { limit } = query
    const found: Cursor[] = []
    let isWhole = true
    for (const batch of matchesOf(query, keys)) {
      found.push(...batch)
      yield
      if (found.length < limit) continue
      isWhole = false
      break
    }
    const ids = found.slice(0, limit)
    const entries: LogEntry[] = []
    for (let at = 0; at < ids.length; at += ROWS_PER_STEP) {
      const some = JSON.stringify(ids.slice(at, at + ROWS_PER_STEP))
      entries.push(...(rowsOf.all(some) as LogEntry[]))
      yield
    }
    return { entries, next: isWhole ? undefined : ids.at(-1) }
  }
}

const HEAD = 'id, type, stream_id, sender, recipient'

/** What lies beyond a position, in this order. */
function restOf({ low, high }: Range, position: Cursor, order: Order): Range {
  return order === 'asc' ? { low: position, high } : { low, high: position }
}

function matcherOf({ streams, users, types }: EventFilter): (head: Head) => boolean {
  const [ids, parties] = [new Set(streams), new Set(users)]
  const kinds = types && new Set(types)
  return ([, type, stream, sender, recipient]) =>
    (kinds === undefined || kinds.has(type)) &&
    ((stream !== null && ids.has(stream)) ||
      (sender !== null && parties.has(sender)) ||
      (recipient !== null && parties.has(recipient)))
}
