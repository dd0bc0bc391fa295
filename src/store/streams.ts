import type { SQL } from 'drizzle-orm'
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import type { Stream, StreamStatus } from '../domain/stream.ts'
import { and, asc, desc, drizzle, eq, or, sql } from './drizzle.ts'
import type { Sqlite } from './open.ts'
import { streams } from './schema.ts'
import { fromRow } from './stream-row.ts'
import type { StreamRow } from './stream-row.ts'

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
  /** Every stream of a party, on either side. */
  ofUser(address: string): Stream[]
  count(): number
}

const SORT_COLUMNS = {
  created: streams.createdOrder,
  start: streams.startOrder,
  end: streams.endOrder,
  deposited: streams.depositedOrder,
  updated: streams.updatedLedger,
} satisfies Record<StreamSort, SQLiteColumn>

export function createStreams(sqlite: Sqlite): Streams {
  const db = drizzle({ client: sqlite })
  const byId = db
    .select()
    .from(streams)
    .where(eq(streams.streamId, sql.placeholder('streamId')))
    .prepare()
  const ofUser = db
    .select()
    .from(streams)
    .where(
      or(
        eq(streams.sender, sql.placeholder('user')),
        eq(streams.recipient, sql.placeholder('user')),
      ),
    )
    .orderBy(asc(streams.createdOrder))
    .prepare()
  const count = sqlite.prepare('select count(*) from streams').pluck()

  function rows(query: StreamQuery, equal: readonly Equal[]): StreamRow[] {
    const direction = query.order === 'asc' ? asc : desc
    return db
      .select()
      .from(streams)
      .where(and(...equal.map(condition), beyond(query)))
      .orderBy(...sortColumns(query.sort).map(direction))
      .limit(query.limit + 1)
      .all()
  }

  /** Two ordered reads, one index each, merged: an OR would read and sort all of the user's. */
  function rowsOfEitherSide(query: StreamQuery, user: string): StreamRow[] {
    const sides = [streams.sender, streams.recipient].flatMap((side) =>
      rows(query, [[side, user], ...equalities(query)]),
    )
    const rowsById = new Map(sides.map((row) => [row.streamId, row]))
    const sign = query.order === 'asc' ? 1 : -1
    return [...rowsById.values()].toSorted(
      (a, b) => sign * compareKeys(keyOf(a, query.sort), keyOf(b, query.sort)),
    )
  }

  return {
    page(query) {
      const { user, limit, sort } = query
      const found =
        user === undefined ? rows(query, equalities(query)) : rowsOfEitherSide(query, user)
      const page = found.slice(0, limit)
      const last = page.at(-1)
      const next = found.length > limit && last ? keyOf(last, sort) : undefined
      return { streams: page.map(fromRow), next }
    },
    byId(streamId) {
      const row = byId.get({ streamId })
      return row && fromRow(row)
    },
    ofUser: (user) => ofUser.all({ user }).map(fromRow),
    count: () => count.get() as number,
  }
}

type Equal = readonly [column: SQLiteColumn, value: string]

/** The filters given, the most selective first. */
function equalities({ sender, recipient, token, status }: StreamQuery): Equal[] {
  const pairs: [SQLiteColumn, string | undefined][] = [
    [streams.sender, sender],
    [streams.recipient, recipient],
    [streams.tokenAddress, token],
    [streams.status, status],
  ]
  return pairs.filter((pair): pair is [SQLiteColumn, string] => pair[1] !== undefined)
}

/**
 * Only the first condition may choose an index: it is the most selective one, and there is an index
 * of it for every sort. The unary plus keeps the planner's guesses off the others.
 */
function condition([column, value]: Equal, position: number): SQL {
  return position === 0 ? eq(column, value) : sql`+${column} = ${value}`
}

/** What comes after the page before, in the query's order. */
function beyond({ sort, order, after }: StreamQuery): SQL | undefined {
  if (after === undefined) return undefined
  const than = sql.raw(order === 'asc' ? '>' : '<')
  const columns = sql.join(sortColumns(sort), sql`, `)
  const values = sort === 'created' ? [after.created] : [after.value, after.created]
  return sql`(${columns}) ${than} (${sql.join(
    values.map((value) => sql`${value}`),
    sql`, `,
  )})`
}

/** The order of creation breaks ties, so a place in the order is one stream. */
function sortColumns(sort: StreamSort): SQLiteColumn[] {
  return sort === 'created' ? [streams.createdOrder] : [SORT_COLUMNS[sort], streams.createdOrder]
}

function keyOf(row: StreamRow, sort: StreamSort): StreamKey {
  const values = {
    created: row.createdOrder,
    start: row.startOrder,
    end: row.endOrder,
    deposited: row.depositedOrder,
    updated: row.updatedLedger,
  } satisfies Record<StreamSort, string | number>
  return { value: values[sort], created: row.createdOrder }
}

function compareKeys(a: StreamKey, b: StreamKey): number {
  if (a.value !== b.value) return a.value < b.value ? -1 : 1
  return a.created < b.created ? -1 : a.created > b.created ? 1 : 0
}
