import type { Cursor } from '../../domain/cursor.ts'
import type { Key, Order, Range } from './log-query.ts'
import type { Sqlite } from '../sqlite.ts'

export interface MergeQuery {
  keys: readonly Key[]
  range: Range
  order: Order
  /** About this many are needed: decides how far each key is read ahead. */
  limit: number
  /** Undefined: every type. */
  types?: readonly string[] | undefined
}

/** Yields ids in order, batch by batch. A batch may be empty. */
export type Merge = (query: MergeQuery) => Generator<Cursor[], void, undefined>

/** One key, and the position up to which its entries are known. */
interface OpenKey extends Key {
  known: Cursor
  /** How many index entries to read next; 0 once all were read. */
  depth: number
}

/** Index entries that take half a millisecond to visit. */
const VISITS_PER_STEP = 1_024
/** Visits that cost as much as the search for a key. */
const SEARCH_VISITS = 8
/** Keys that are read on before the frontier is computed again. */
const KEYS_PER_ROUND = 64
const MIN_DEPTH = 2
const MAX_DEPTH = 1_024

/**
 * Unites the index ranges of many keys in order, in steps of less than a millisecond. Each key is
 * read a few entries ahead. The frontier is the earliest position up to which any key is known:
 * everything before it is settled. The keys at the frontier are read on, twice as far each time, so
 * that a key without entries costs one search, and a key with many rare matches costs few calls.
 * One statement reads many keys: one call for each key would cost five times as much.
 */
export function createMerge(sqlite: Sqlite): Merge {
  const readers = { asc: readersOf(sqlite, 'asc'), desc: readersOf(sqlite, 'desc') }

  return function* merge({ keys, range, order, limit, types }) {
    const compare = order === 'asc' ? ascending : descending
    const known = order === 'asc' ? range.low : range.high
    const ahead = Math.ceil((2 * limit) / keys.length)
    const depth = Math.min(MAX_DEPTH, Math.max(MIN_DEPTH, ahead))
    let open = keys.map((key): OpenKey => ({ ...key, known, depth }))
    let due = open
    /** Found, but after the frontier. */
    let waiting = new Set<Cursor>()
    while (due.length > 0) {
      for (const some of stepsOf(due)) {
        const read = readers[order][some[0]?.index ?? 'type']
        for (const id of read(some, { range, types })) waiting.add(id)
        yield []
      }
      open = open.filter((key) => key.depth > 0).sort((a, b) => compare(a.known, b.known))
      due = open.slice(0, KEYS_PER_ROUND)
      const frontier = open[0]?.known
      const settled: Cursor[] = []
      const beyond = new Set<Cursor>()
      for (const id of waiting) {
        if (frontier === undefined || compare(id, frontier) <= 0) settled.push(id)
        else beyond.add(id)
      }
      waiting = beyond
      if (settled.length > 0) yield settled.sort(compare)
    }
  }
}

type Reader = (
  keys: readonly OpenKey[],
  query: Pick<MergeQuery, 'range' | 'types'>,
) => Generator<Cursor, void>

function readersOf(sqlite: Sqlite, order: Order): Record<Key['index'], Reader> {
  return {
    stream_id: readerOf(sqlite, { column: 'stream_id', index: 'events_by_stream', order }),
    sender: readerOf(sqlite, { column: 'sender', index: 'events_by_sender', order }),
    recipient: readerOf(sqlite, { column: 'recipient', index: 'events_by_recipient', order }),
    type: readerOf(sqlite, { column: 'type', index: 'events_by_type', order }),
  }
}

/** Reads the next entries of keys with the same index, and updates their `known` and `depth`. */
function readerOf(
  sqlite: Sqlite,
  { column, index, order }: { column: Key['index']; index: string; order: Order },
): Reader {
  const [bounds, last] =
    order === 'asc'
      ? ['id > wanted.value and id < @bound', 'max(id)']
      : ['id < wanted.value and id > @bound', 'min(id)']
  // For each key one text: number of entries visited, the last of them, and the matches.
  const prepare = (matching: string) =>
    sqlite
      .prepare(
        `select wanted.key, (
           select count(*) || ' ' || ${last} || coalesce(' ' || group_concat(id, ' ')${matching}, '')
           from (select id, type from events indexed by ${index}
                 where ${column} = wanted.key and ${bounds} order by id ${order} limit @depth))
         from json_each(@wanted) as wanted`,
      )
      .raw()
  const ofAll = prepare('')
  const ofTypes = prepare(' filter (where type in (select value from json_each(@types)))')

  return function* read(keys, { range, types }) {
    const depth = keys[0]?.depth ?? 0
    const bound = order === 'asc' ? range.high : range.low
    const byValue = new Map(keys.map((key) => [key.value, key]))
    const given = { wanted: JSON.stringify(Object.fromEntries(keys.map(startOf))), bound, depth }
    const results = (
      types === undefined
        ? ofAll.all(given)
        : ofTypes.all({ ...given, types: JSON.stringify(types) })
    ) as [value: string, found: string | null][]
    for (const [value, found] of results) {
      const key = byValue.get(value)
      if (key === undefined) continue
      // Null if no entry was visited.
      const [visited = '0', reached = key.known, ...ids] = found?.split(' ') ?? []
      key.known = reached
      key.depth = Number(visited) < depth ? 0 : Math.min(MAX_DEPTH, 2 * depth)
      yield* ids
    }
  }
}

function startOf({ value, known }: OpenKey): [string, Cursor] {
  return [value, known]
}

/** Groups keys for one statement each: same index, same depth, a bounded number. */
function stepsOf(due: readonly OpenKey[]): OpenKey[][] {
  const steps = new Map<string, OpenKey[]>()
  const done: OpenKey[][] = []
  for (const key of due) {
    const kind = `${key.index} ${key.depth}`
    const step = steps.get(kind) ?? []
    steps.set(kind, step)
    step.push(key)
    if (step.length * Math.max(SEARCH_VISITS, key.depth) < VISITS_PER_STEP) continue
    done.push(step)
    steps.delete(kind)
  }
  return [...done, ...steps.values()]
}

function ascending(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function descending(a: string, b: string): number {
  return ascending(b, a)
}
