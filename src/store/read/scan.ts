import type { Cursor } from '../../domain/cursor.ts'
import { EVENT_TYPES } from '../../domain/event.ts'
import { LIMIT } from '../sqlite.ts'
import type { Sqlite } from '../sqlite.ts'
import { createCandidates } from './candidates.ts'
import { COLUMNS, keysOf, rangeOf, restOf, withoutLoneParty } from './log-query.ts'
import type { Key, LogEntry, LogPage, LogQuery, Order, Range } from './log-query.ts'
import { createMerge } from './merge.ts'

/** Rows with their JSON that take about half a millisecond. */
const ROWS_PER_STEP = 150
/** From this number of keys on, it may be faster to walk the log. */
const MANY_KEYS = 64
/** Rows that cost about as much as the searches for one key. */
const ROWS_PER_KEY = 4
const FEW_EVENTS = 256
/** Streams that are looked up in less than a millisecond. */
const STREAMS_PER_STEP = 250
/** How far a walk, which has no limit, reads ahead. */
const WALK_AHEAD = 500

type Scan = (query: LogQuery) => Generator<void, LogPage>

/** The ids of all matches in order, batch by batch. A batch may be empty. */
export type Walk = (query: Omit<LogQuery, 'limit'>) => Generator<Cursor[], void>

/**
 * Reads a page of the log in steps of about a millisecond, however many keys the filter has and
 * however rare its matches are. There are three ways to find the matches in order: walk the log (if
 * the filter has many keys), read the events of a rare type, or merge the index ranges of all keys.
 */
export function createScan(sqlite: Sqlite): { scan: Scan; walk: Walk } {
  const scanEverything = createScanOfEverything(sqlite)
  const matches = createMatches(sqlite)
  const withIds = sqlite.prepare<[string], LogEntry>(
    `select ${COLUMNS} from (select value from json_each(?)) cross join events on id = value`,
  )

  function* scan(asked: LogQuery): Generator<void, LogPage> {
    const query = { ...asked, filter: withoutLoneParty(asked.filter) }
    const keys = keysOf(query.filter)
    if (keys === undefined) return yield* scanEverything(query)
    const { limit } = query
    const found: Cursor[] = []
    let isWhole = true
    for (const batch of matches(query, keys)) {
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
      entries.push(...withIds.all(some))
      yield
    }
    return { entries, next: isWhole ? undefined : ids.at(-1) }
  }

  return {
    scan,
    walk(query) {
      const filter = withoutLoneParty(query.filter)
      return matches({ ...query, filter, limit: WALK_AHEAD }, keysOf(filter) ?? everyType())
    },
  }
}

/** All types together match everything. */
function everyType(): Key[] {
  return EVENT_TYPES.map((value) => ({ index: 'type', value }))
}

/** Reads entries without a filter. */
function createScanOfEverything(sqlite: Sqlite): Scan {
  const ordered = (order: Order) =>
    sqlite.prepare<[Cursor, Cursor, number], LogEntry>(
      `select ${COLUMNS} from events where id > ? and id < ? order by id ${order} limit ${LIMIT}`,
    )
  const rows = { asc: ordered('asc'), desc: ordered('desc') }

  return function* scanEverything(query) {
    const { order = 'asc', limit } = query
    let range = rangeOf(query)
    const entries: LogEntry[] = []
    for (;;) {
      // One more than the page needs shows whether there is a next page.
      const most = Math.min(ROWS_PER_STEP, limit + 1 - entries.length)
      const some = rows[order].all(range.low, range.high, most)
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
}

/** Finds the ids of the matches, in order, batch by batch. A batch may be empty. */
function createMatches(
  sqlite: Sqlite,
): (query: LogQuery, keys: readonly Key[]) => Generator<Cursor[], void> {
  const merge = createMerge(sqlite)
  const candidates = createCandidates(sqlite, merge)
  const countOf = sqlite
    .prepare<[string], number>('select count from event_counts where type = ?')
    .pluck()
  const visible = sqlite
    .prepare<[string, string], string>(
      `select value from json_each(?) left join streams on stream_id = value
       where iif(streams.stream_id is null,
         exists (select 1 from events where events.stream_id = value), ? in (sender, recipient))`,
    )
    .pluck()

  function isRare(types: readonly Key[], keys: readonly Key[]): boolean {
    let total = 0
    for (const { value } of types) total += countOf.get(value) ?? 0
    return total <= ROWS_PER_KEY * keys.length + FEW_EVENTS
  }

  function* matchesOf(query: LogQuery, keys: readonly Key[]): Generator<Cursor[], void> {
    const { filter, order = 'asc', limit } = query
    const hasParties = filter.streams.length + filter.users.length > 0
    const types = hasParties ? filter.types : undefined
    const ofTypes = types && keysOf({ streams: [], users: [], types })
    // A filter with many keys may match every few rows: try it for what a few rounds over all keys
    // would cost.
    let most = keys.length >= MANY_KEYS ? ROWS_PER_KEY * keys.length : 0
    if (ofTypes !== undefined && isRare(ofTypes, keys)) most = Number.POSITIVE_INFINITY
    let range: Range | undefined = rangeOf(query)
    if (most > 0) {
      range = ofTypes
        ? yield* candidates.merged(filter, { keys: ofTypes, range, order, limit, most })
        : yield* candidates.inLog(filter, { range, order, most })
    }
    if (range !== undefined) yield* merge({ keys, range, order, limit, types })
  }

  /**
   * Those that a party sends or receives, and those whose creation is missing in the log: their
   * later events name the parties, and each event is checked.
   */
  function* visibleTo(party: string, streams: readonly string[]): Generator<Cursor[], string[]> {
    const found: string[] = []
    for (let at = 0; at < streams.length; at += STREAMS_PER_STEP) {
      const some = JSON.stringify(streams.slice(at, at + STREAMS_PER_STEP))
      found.push(...visible.all(some, party))
      yield []
    }
    return found
  }

  return function* (query, keys) {
    const { party, ...filter } = query.filter
    if (party === undefined) return yield* matchesOf(query, keys)
    // Events of other streams must not even cost time, or the party could count them.
    const others = { ...filter, streams: yield* visibleTo(party, filter.streams) }
    const isNothing = others.streams.length + others.users.length === 0
    if (isNothing && filter.streams.length > 0) return undefined
    // Reads the shorter list and checks the other filter entry by entry.
    const own = { streams: [], users: [party], types: others.types }
    const [read, check] = others.users.length === 0 ? [others, own] : [own, others]
    return yield* candidates.check(check, matchesOf({ ...query, filter: read }, keysOf(read) ?? []))
  }
}
