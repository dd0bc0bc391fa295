import type { Statement } from 'better-sqlite3'
import { STREAM_STATUSES } from '../domain/stream.ts'
import type { Stream, StreamStatus } from '../domain/stream.ts'
import { createClaimable } from './claimable.ts'
import { drizzle, eq, sql } from './drizzle.ts'
import type { Sqlite } from './open.ts'
import { streams } from './schema.ts'
import { fromRow } from './stream-row.ts'
import { createTotals } from './totals.ts'
import type { Side, Total } from './totals.ts'

export const STREAM_SORTS = ['created', 'start', 'end', 'deposited', 'updated'] as const
export type StreamSort = (typeof STREAM_SORTS)[number]

export interface StreamQuery {
  sender?: string | undefined
  recipient?: string | undefined
  /** Either side. */
  user?: string | undefined
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

export interface Streams {
  page(query: StreamQuery): StreamPage
  byId(streamId: string): Stream | undefined
  /** What a party's streams come to, kept as they change. */
  totals(address: string): Total[]
  /**
   * What could be withdrawn from a party's streams at `time` (Unix seconds), by side and token,
   * added up in steps of about a millisecond. Reads more than once: it needs one snapshot.
   */
  claimable(address: string, time: number): Generator<void, Record<Side, Map<string, bigint>>>
  count(): number
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
}

export function createStreams(sqlite: Sqlite): Streams {
  const db = drizzle({ client: sqlite })
  const byId = db
    .select()
    .from(streams)
    .where(eq(streams.streamId, sql.placeholder('streamId')))
    .prepare()
  const byRow = db
    .select()
    .from(streams)
    .where(eq(sql`rowid`, sql.placeholder('row')))
    .prepare()
  const count = sqlite.prepare('select count(*) from streams').pluck()
  /** By their text: there are only so many shapes of a query. */
  const statements = new Map<string, Statement>()

  /** One ordered read of one index. */
  function read(query: StreamQuery, equal: readonly Equal[]): Place[] {
    const text = selectOf(query, equal)
    let statement = statements.get(text)
    if (statement === undefined) {
      statement = sqlite.prepare(text)
      statements.set(text, statement)
    }
    const { after, sort, limit } = query
    const bounds =
      after === undefined ? [] : sort === 'created' ? [after.created] : [after.value, after.created]
    return statement.all(...equal.map(([, value]) => value), ...bounds, limit + 1) as Place[]
  }

  /**
   * A read for each status, and for each side where a user is either, merged: every index begins
   * with a filter and a status, so that a rare one is found without walking past the others.
   */
  function places(query: StreamQuery): Place[] {
    const { user, status, order } = query
    const statuses = status === undefined ? STREAM_STATUSES : [status]
    const sides: Equal[][] = user === undefined ? [[]] : [[['sender', user]], [['recipient', user]]]
    const reads = sides.flatMap((side) =>
      statuses.map((each) => {
        const [first, ...others] = [...side, ...equalities(query)]
        const byStatus: Equal = ['status', each]
        return read(query, first === undefined ? [byStatus] : [first, byStatus, ...others])
      }),
    )
    if (reads.length === 1) return reads[0] ?? []
    const merged = new Map(reads.flat().map((place) => [place.row, place]))
    const sign = order === 'asc' ? 1 : -1
    return [...merged.values()].toSorted((a, b) => sign * compareKeys(a, b))
  }

  return {
    page(query) {
      const { limit } = query
      const found = places(query)
      const page = found.slice(0, limit)
      const last = page.at(-1)
      const next =
        found.length > limit && last ? { value: last.value, created: last.created } : undefined
      const rows = page.flatMap(({ row }) => byRow.get({ row }) ?? [])
      return { streams: rows.map(fromRow), next }
    },
    byId(streamId) {
      const row = byId.get({ streamId })
      return row && fromRow(row)
    },
    totals: createTotals(sqlite),
    claimable: createClaimable(sqlite),
    count: () => count.get() as number,
  }
}

type Equal = readonly [column: string, value: string]

/** The filters given, the most selective first; status is in every index. */
function equalities({ sender, recipient, token }: StreamQuery): Equal[] {
  const pairs: [string, string | undefined][] = [
    ['sender', sender],
    ['recipient', recipient],
    ['token_address', token],
  ]
  return pairs.filter((pair): pair is [string, string] => pair[1] !== undefined)
}

/** How many columns an index begins with: a filter and a status. */
const INDEXED = 2

/** Column names are this file's own; every value is bound. */
function selectOf({ sort, order, after }: StreamQuery, equal: readonly Equal[]): string {
  // The order of creation breaks ties, so a place in the order is one stream.
  const columns = sort === 'created' ? ['created_order'] : [SORT_COLUMNS[sort], 'created_order']
  const than = order === 'asc' ? '>' : '<'
  const conditions = equal.map(([column], position) =>
    // The unary plus keeps the planner from choosing an index by any other condition.
    position < INDEXED ? `${column} = ?` : `+${column} = ?`,
  )
  if (after !== undefined) {
    conditions.push(`(${columns.join(', ')}) ${than} (${columns.map(() => '?').join(', ')})`)
  }
  return `select rowid as row, ${SORT_COLUMNS[sort]} as value, created_order as created from streams
    where ${conditions.join(' and ')}
    order by ${columns.map((column) => `${column} ${order}`).join(', ')} limit ?`
}

function compareKeys(a: StreamKey, b: StreamKey): number {
  if (a.value !== b.value) return a.value < b.value ? -1 : 1
  return a.created < b.created ? -1 : a.created > b.created ? 1 : 0
}
