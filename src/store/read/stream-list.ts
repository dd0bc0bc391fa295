import type { Statement } from 'better-sqlite3'
import { STREAM_STATUSES } from '../../domain/stream.ts'
import type { Stream, StreamStatus } from '../../domain/stream.ts'
import type { Sqlite } from '../sqlite.ts'
import { fromRow, SELECT_STREAMS } from '../stream-row.ts'
import type { StreamRow } from '../stream-row.ts'

export const STREAM_SORTS = ['created', 'start', 'end', 'deposited', 'updated'] as const
export type StreamSort = (typeof STREAM_SORTS)[number]

export interface StreamQuery {
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
  const byRow = sqlite.prepare<[number], StreamRow>(`${SELECT_STREAMS} where rowid = ?`)
  /** By their text; the number of different texts is small. */
  const statements = new Map<string, Statement<unknown[], ListEntry>>()

  /** The next entries of an index range, in the order of the query. */
  function read(query: StreamQuery, range: IndexRange): ListEntry[] {
    const { sort, after, limit } = query
    const text = selectOf(query, range)
    let statement = statements.get(text)
    if (statement === undefined) {
      statement = sqlite.prepare<unknown[], ListEntry>(text)
      statements.set(text, statement)
    }
    const key = sort === 'created' ? [after?.created] : [after?.value, after?.created]
    const bounds = after === undefined ? [] : key
    const values = [
      ...range.others.flatMap((condition) => condition.values),
      ...range.indexed.map(([, value]) => value),
    ]
    return statement.all(...values, ...bounds, limit)
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
    for (const range of rangesOf(query)) {
      for (const entry of yield* firstOf(query, range)) merged.set(entry.row, entry)
    }
    const sign = order === 'asc' ? 1 : -1
    const found = [...merged.values()].toSorted((a, b) => sign * compareKeys(a, b))
    const page = found.slice(0, limit)
    const last = page.at(-1)
    const next =
      found.length > limit && last ? { value: last.value, created: last.created } : undefined
    const listed: Stream[] = []
    for (const [at, { row }] of page.entries()) {
      if (at > 0 && at % ROWS_PER_STEP === 0) yield
      const stream = byRow.get(row)
      if (stream !== undefined) listed.push(fromRow(stream))
    }
    return { streams: listed, next }
  }
}

function rangesOf(query: StreamQuery): IndexRange[] {
  const { status } = query
  const user = query.user ?? (hasSide(query) ? undefined : query.party)
  const statuses = status === undefined ? STREAM_STATUSES : [status]
  const sides: Equal[][] = user === undefined ? [[]] : [[['sender', user]], [['recipient', user]]]
  return sides.flatMap((side) =>
    statuses.map((each) => {
      const [first, ...rest] = [...side, ...equalities(query)]
      const byStatus: Equal = ['status', each]
      const others = rest.map(([column, value]) => ({ text: `${column} = ?`, values: [value] }))
      return {
        indexed: first === undefined ? [byStatus] : [first, byStatus],
        others: user === query.party ? others : [...others, ...partyOf(query)],
      }
    }),
  )
}

type Equal = readonly [column: string, value: string]

/** A filter that is not in the index, as SQL with values to bind. */
interface Condition {
  text: string
  values: readonly string[]
}

function hasSide({ sender, recipient }: StreamQuery): boolean {
  return sender !== undefined || recipient !== undefined
}

function partyOf({ party }: StreamQuery): Condition[] {
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
function selectOf({ sort, order, after }: StreamQuery, range: IndexRange): string {
  // The order of creation breaks ties, so that a position is one stream.
  const columns = sort === 'created' ? ['created_order'] : [SORT_COLUMNS[sort], 'created_order']
  const than = order === 'asc' ? '>' : '<'
  const conditions = range.indexed.map(([column]) => `${column} = ?`)
  if (after !== undefined) {
    conditions.push(`(${columns.join(', ')}) ${than} (${columns.map(() => '?').join(', ')})`)
  }
  const isMatch = range.others.map(({ text }) => text).join(' and ') || '1'
  return `select rowid as row, ${SORT_COLUMNS[sort]} as value, created_order as created, ${isMatch} as isMatch
    from streams where ${conditions.join(' and ')}
    order by ${columns.map((column) => `${column} ${order}`).join(', ')} limit ?`
}

function compareKeys(a: StreamKey, b: StreamKey): number {
  if (a.value !== b.value) return a.value < b.value ? -1 : 1
  return a.created < b.created ? -1 : a.created > b.created ? 1 : 0
}
