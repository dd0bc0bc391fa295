import type { Statement } from 'better-sqlite3'
import { STREAM_STATUSES } from '../../domain/stream.ts'
import type { Stream, StreamStatus } from '../../domain/stream.ts'
import { LIMIT, TEXT } from '../sqlite.ts'
import type { Sqlite } from '../sqlite.ts'
import { fromRow, STREAM_VALUES } from '../stream-row.ts'
import type { StreamValues } from '../stream-row.ts'

export const STREAM_SORTS = ['created', 'start', 'end', 'deposited', 'updated'] as const
type StreamSort = (typeof STREAM_SORTS)[number]

export interface StreamQuery {
  /** Only these ids. A few hundred: all are read for every page. */
  streams?: readonly string[] | undefined
  sender?: string | undefined
  recipient?: string | undefined
  /** As sender or as recipient. */
  user?: string | undefined
  /** Only streams that this address sends or receives, in addition to the other filters. */
  party?: string | undefined
  token?: string | undefined
  status?: StreamStatus | undefined
  sort: StreamSort
  order: 'asc' | 'desc'
  limit: number
  after?: StreamKey | undefined
}

/** A position in a sort order: the value in the sort column; `created_order` breaks ties. */
export interface StreamKey {
  value: string | number
  created: string
}

export interface StreamPage {
  streams: Stream[]
  /** The position after which the next page starts; undefined at the end. */
  next: StreamKey | undefined
}

const SORT_COLUMNS = {
  created: 'created_order',
  start: 'start_order',
  end: 'end_order',
  deposited: 'deposited_order',
  updated: 'updated_ledger',
} satisfies Record<StreamSort, string>

/** A stream's entry in an index: its row is read only if the page includes it. */
interface ListEntry extends StreamKey {
  row: number
  /** Whether the stream matches the filters that are not in the index. */
  isMatch: 0 | 1
}

/** One index range, and the filters that are not in the index. */
interface IndexRange {
  indexed: readonly Equal[]
  others: readonly Condition[]
}

/** Each takes about a millisecond. */
const VISITS_PER_STEP = 400
const ROWS_PER_STEP = 50

/**
 * Lists streams. Every index begins with a filter and a status. A list is merged from one read for
 * each status, and for each side if a user is either: so a rare status is found without reading the
 * others. Further filters are checked entry by entry, a bounded number in a step.
 */
export function createStreamList(
  sqlite: Sqlite,
): (query: StreamQuery) => Generator<void, StreamPage> {
  // In the order of the rows that are asked for.
  const byRows = sqlite.prepare<[string], StreamValues>(
    `select ${STREAM_VALUES} from (select value as wanted from json_each(?))
     cross join streams on streams.rowid = wanted`,
  )
  /** By their text; the number of different texts is small. */
  const statements = new Map<string, Statement<unknown[], ListEntry>>()

  function run(text: string, values: readonly unknown[]): ListEntry[] {
    let statement = statements.get(text)
    if (statement === undefined) {
      statement = sqlite.prepare<unknown[], ListEntry>(text)
      statements.set(text, statement)
    }
    return statement.all(...values)
  }

  /** The next entries of an index range, in the order of the query. */
  function read(query: StreamQuery, range: IndexRange): ListEntry[] {
    const values = [
      ...range.others.flatMap((condition) => condition.values),
      ...range.indexed.map(([, value]) => value),
    ]
    return run(selectOf(query, range), [...values, ...boundsOf(query), query.limit])
  }

  /** The first matches among the ids of the query, one more than the page holds. */
  function ofIds(query: StreamQuery, ids: readonly string[]): ListEntry[] {
    const conditions = conditionsOf(query)
    const values = conditions.flatMap((condition) => condition.values)
    return run(selectIds(query, conditions), [
      JSON.stringify(ids),
      ...values,
      ...boundsOf(query),
      query.limit + 1,
    ])
  }

  /** The first matches in an index range, one more than the page holds. */
  function* firstOf(query: StreamQuery, range: IndexRange): Generator<void, ListEntry[]> {
    const wanted = query.limit + 1
    const most = range.others.length === 0 ? wanted : VISITS_PER_STEP
    const found: ListEntry[] = []
    let { after } = query
    for (;;) {
      const entries = read({ ...query, after, limit: most }, range)
      found.push(...entries.filter(({ isMatch }) => isMatch === 1))
      after = entries.at(-1)
      if (found.length >= wanted || entries.length < most) return found.slice(0, wanted)
      yield
    }
  }

  return function* (query) {
    const { limit, order } = query
    const merged = new Map<number, ListEntry>()
    if (query.streams !== undefined) {
      for (const entry of ofIds(query, query.streams)) merged.set(entry.row, entry)
    } else {
      for (const range of rangesOf(query)) {
        for (const entry of yield* firstOf(query, range)) merged.set(entry.row, entry)
      }
    }
    const sign = order === 'asc' ? 1 : -1
    const found = [...merged.values()].toSorted((a, b) => sign * compareKeys(a, b))
    const page = found.slice(0, limit)
    const last = page.at(-1)
    const next =
      found.length > limit && last ? { value: last.value, created: last.created } : undefined
    const listed: Stream[] = []
    for (let at = 0; at < page.length; at += ROWS_PER_STEP) {
      if (at > 0) yield
      const rows = page.slice(at, at + ROWS_PER_STEP).map(({ row }) => row)
      listed.push(...byRows.all(JSON.stringify(rows)).map(fromRow))
    }
    return { streams: listed, next }
  }
}

function rangesOf(query: StreamQuery): IndexRange[] {
  const { status, user, party } = query
  const statuses = status === undefined ? STREAM_STATUSES : [status]
  const isOfBoth = party !== undefined && party !== user
  return sidesOf(query).flatMap((side) =>
    statuses.map((each) => {
      const more = equalities(query).filter(([column, value]) => {
        return column !== side?.[0] || value !== side[1]
      })
      const [first, ...rest] = side === undefined ? more : [side, ...more]
      const byStatus: Equal = ['status', each]
      const others = rest.map(([column, value]) => ({ text: `${column} = ?`, values: [value] }))
      return {
        indexed: first === undefined ? [byStatus] : [first, byStatus],
        others: isOfBoth ? [...others, ...partyOf({ party: user })] : others,
      }
    }),
  )
}

/**
 * The sides of the party or user that have every match. Those of a party are read whatever else the
 * query names: streams that it may not see must not even cost time, or it could count them.
 */
function sidesOf({ sender, recipient, user, party }: StreamQuery): (Equal | undefined)[] {
  const whose = party ?? user
  if (whose === undefined) return [undefined]
  const sent: Equal = ['sender', whose]
  const received: Equal = ['recipient', whose]
  if (sender === whose) return [sent]
  if (sender !== undefined || recipient === whose) return [received]
  return recipient === undefined ? [sent, received] : [sent]
}

type Equal = readonly [column: string, value: string]

/** A filter that is not in the index, as SQL with values to bind. */
interface Condition {
  text: string
  values: readonly string[]
}

/** All filters of a query as conditions. */
function conditionsOf(query: StreamQuery): Condition[] {
  const { status } = query
  const equal: Equal[] = [...equalities(query), ...(status ? [['status', status] as const] : [])]
  return [
    ...equal.map(([column, value]) => ({ text: `${column} = ?`, values: [value] })),
    ...[query.user, query.party].flatMap((party) => partyOf({ party })),
  ]
}

/** Whether it is sender or recipient. */
function partyOf({ party }: Pick<StreamQuery, 'party'>): Condition[] {
  if (party === undefined) return []
  return [{ text: '(sender = ? or recipient = ?)', values: [party, party] }]
}

/** The given filters, except the status; the most selective first. */
function equalities({ sender, recipient, token }: StreamQuery): Equal[] {
  const pairs: [string, string | undefined][] = [
    ['sender', sender],
    ['recipient', recipient],
    ['token_address', token],
  ]
  return pairs.filter((pair): pair is [string, string] => pair[1] !== undefined)
}

/** Column names come from this file; every value is bound. */
function selectOf(query: StreamQuery, range: IndexRange): string {
  const conditions = range.indexed.map(([column]) => `${column} = ${TEXT}`)
  const isMatch = range.others.map(({ text }) => text).join(' and ') || '1'
  return `select ${entryOf(query, isMatch)} from streams ${inOrder(query, conditions)}`
}

function selectIds(query: StreamQuery, conditions: readonly Condition[]): string {
  const others = conditions.map(({ text }) => text)
  // A cross join keeps this order: ids first, and each stream by its id.
  return `select ${entryOf(query, '1')}
    from json_each(?) as wanted cross join streams on stream_id = wanted.value
    ${inOrder(query, others)}`
}

function entryOf({ sort }: StreamQuery, isMatch: string): string {
  return `streams.rowid as row, ${SORT_COLUMNS[sort]} as value, created_order as created, ${isMatch} as isMatch`
}

/** Conditions, start position, order and limit. */
function inOrder({ sort, order, after }: StreamQuery, conditions: readonly string[]): string {
  // The order of creation breaks ties, so that a position is one stream.
  const columns = sort === 'created' ? ['created_order'] : [SORT_COLUMNS[sort], 'created_order']
  const than = order === 'asc' ? '>' : '<'
  const start = `(${columns.join(', ')}) ${than} (${columns.map(() => '?').join(', ')})`
  const all = after === undefined ? conditions : [...conditions, start]
  return `where ${all.join(' and ') || 'true'}
    order by ${columns.map((column) => `${column} ${order}`).join(', ')} limit ${LIMIT}`
}

/** The values of the start position. */
function boundsOf({ sort, after }: StreamQuery): (string | number)[] {
  if (after === undefined) return []
  return sort === 'created' ? [after.created] : [after.value, after.created]
}

function compareKeys(a: StreamKey, b: StreamKey): number {
  if (a.value !== b.value) return a.value < b.value ? -1 : 1
  return a.created < b.created ? -1 : a.created > b.created ? 1 : 0
}
