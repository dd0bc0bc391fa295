import type { Statement } from 'better-sqlite3'
import { STREAM_STATUSES } from '../../domain/stream.ts'
import type { Stream, StreamStatus } from '../../domain/stream.ts'
import { drizzle, eq, sql } from '../drizzle.ts'
import type { Sqlite } from '../sqlite.ts'
import { streams } from '../schema.ts'
import { fromRow } from '../stream-row.ts'

export const STREAM_SORTS = ['created', 'start', 'end', 'deposited', 'updated'] as const
export type StreamSort = (typeof STREAM_SORTS)[number]

export interface StreamQuery {
  sender?: string | undefined
  recipient?: string | undefined
  /** Either side. */
  user?: string | undefined
  /** Only streams that this address sends or receives, whatever else is asked for. */
  party?: string | undefined
  token?: string | undefined
  status?: StreamStatus | undefined
  sort: StreamSort
  order: 'asc' | 'desc'
  limit: number
  after?: StreamKey | undefined
}

/** A place in a sort order: the sort column's value and the stream's own place, which breaks ties. */
export interface StreamKey {
  value: string | number
  created: string
}

export interface StreamPage {
  streams: Stream[]
  /** Where the next page starts; undefined at the end. */
  next: StreamKey | undefined
}

const SORT_COLUMNS = {
  created: 'created_order',
  start: 'start_order',
  end: 'end_order',
  deposited: 'deposited_order',
  updated: 'updated_ledger',
} satisfies Record<StreamSort, string>

/** A stream's place in an index: all that is read of those that the page may leave out. */
interface Place extends StreamKey {
  row: number
  /** Whether it meets the filters that the index does not know. */
  fits: 0 | 1
}

/** One index range: a filter and a status, and what else its streams must meet. */
interface Lane {
  indexed: readonly Equal[]
  others: readonly Condition[]
}

/** Index entries and rows that take about a millisecond. */
const VISITS_PER_STEP = 400
const ROWS_PER_STEP = 50

/**
 * Lists streams. Every index begins with a filter and a status, so a list is merged from a read for
 * each status, and for each side where a user is either: a rare one is found without walking past
 * the others. Further filters are met by walking, a bounded number of streams in a step.
 */
export function createStreamList(
  sqlite: Sqlite,
): (query: StreamQuery) => Generator<void, StreamPage> {
  const byRow = drizzle({ client: sqlite })
    .select()
    .from(streams)
    .where(eq(sql`rowid`, sql.placeholder('row')))
    .prepare()
  /** By their text: there are only so many shapes of a query. */
  const statements = new Map<string, Statement>()

  function read(
    query: StreamQuery,
    after: StreamKey | undefined,
    lane: Lane,
    most: number,
  ): Place[] {
    const text = selectOf(query, after, lane)
    let statement = statements.get(text)
    if (statement === undefined) {
      statement = sqlite.prepare(text)
      statements.set(text, statement)
    }
    const place = query.sort === 'created' ? [after?.created] : [after?.value, after?.created]
    const bounds = after === undefined ? [] : place
    const values = [
      ...lane.others.flatMap((condition) => condition.values),
      ...lane.indexed.map(([, value]) => value),
    ]
    return statement.all(...values, ...bounds, most) as Place[]
  }

  /** The first of the lane's streams that fit, one more than the page holds. */
  function* firstOf(query: StreamQuery, lane: Lane): Generator<void, Place[]> {
    const wanted = query.limit + 1
    const most = lane.others.length === 0 ? wanted : VISITS_PER_STEP
    const found: Place[] = []
    let { after } = query
    for (;;) {
      const places = read(query, after, lane, most)
      found.push(...places.filter(({ fits }) => fits === 1))
      after = places.at(-1)
      if (found.length >= wanted || places.length < most) return found.slice(0, wanted)
      yield
    }
  }

  return function* (query) {
    const { limit, order } = query
    const merged = new Map<number, Place>()
    for (const lane of lanesOf(query)) {
      for (const place of yield* firstOf(query, lane)) merged.set(place.row, place)
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
      const stream = byRow.get({ row })
      if (stream !== undefined) listed.push(fromRow(stream))
    }
    return { streams: listed, next }
  }
}

function lanesOf(query: StreamQuery): Lane[] {
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

/** What an index does not know, as SQL with values to bind. */
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

/** The filters given, the most selective first; status is in every index. */
function equalities({ sender, recipient, token }: StreamQuery): Equal[] {
  const pairs: [string, string | undefined][] = [
    ['sender', sender],
    ['recipient', recipient],
    ['token_address', token],
  ]
  return pairs.filter((pair): pair is [string, string] => pair[1] !== undefined)
}

/** Column names are this file's own; every value is bound. */
function selectOf({ sort, order }: StreamQuery, after: StreamKey | undefined, lane: Lane): string {
  // The order of creation breaks ties, so a place in the order is one stream.
  const columns = sort === 'created' ? ['created_order'] : [SORT_COLUMNS[sort], 'created_order']
  const than = order === 'asc' ? '>' : '<'
  const conditions = lane.indexed.map(([column]) => `${column} = ?`)
  if (after !== undefined) {
    conditions.push(`(${columns.join(', ')}) ${than} (${columns.map(() => '?').join(', ')})`)
  }
  const fits = lane.others.map(({ text }) => text).join(' and ') || '1'
  return `select rowid as row, ${SORT_COLUMNS[sort]} as value, created_order as created, ${fits} as fits
    from streams where ${conditions.join(' and ')}
    order by ${columns.map((column) => `${column} ${order}`).join(', ')} limit ?`
}

function compareKeys(a: StreamKey, b: StreamKey): number {
  if (a.value !== b.value) return a.value < b.value ? -1 : 1
  return a.created < b.created ? -1 : a.created > b.created ? 1 : 0
}
