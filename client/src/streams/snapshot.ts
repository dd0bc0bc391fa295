import { ledgerOf } from '../../../src/domain/cursor.ts'
import type { AsOf, Stream } from '../api/shapes.ts'

/** All streams of a filter, page by page. */

/** Which streams: all, or these and those that an address sends or receives. */
export type StreamsFilter =
  | { all: true; streams?: undefined; users?: undefined }
  | { all?: false | undefined; streams: readonly string[]; users?: readonly string[] | undefined }
  | { all?: false | undefined; streams?: readonly string[] | undefined; users: readonly string[] }

export interface Snapshot {
  pages: readonly Page[]
  /** Where the feed continues: the first position of any page. Undefined: the log is empty. */
  cursor: string | undefined
  /** When the ledger of the newest page closed, Unix seconds; 0 if it is not known. */
  closedAt: number
}

interface Page {
  streams: readonly Stream[]
  position: string
}

/** The daemon's limit. */
const LONGEST_PAGE = 200

interface Query {
  streams?: string[]
  user?: string
  wait_ledger?: number
}

export interface PageQuery extends Query {
  limit: number
  cursor?: string
}

export interface PageOfStreams {
  data: Stream[]
  nextCursor: string | null
  asOf: AsOf
}

interface Reading {
  /** One page. Refusals and lost connections are its concern. */
  ask(query: PageQuery): Promise<PageOfStreams>
  /** The snapshot must not be older than this position. */
  after: string | undefined
}

export async function readSnapshot(
  filter: StreamsFilter,
  { ask, after }: Reading,
): Promise<Snapshot> {
  const pages: Page[] = []
  let cursor: string | undefined
  let closedAt = 0
  const wait = after === undefined ? {} : { wait_ledger: ledgerOf(after) }
  for (const query of queriesOf(filter)) {
    let next: string | null = null
    do {
      const whole = {
        ...query,
        ...wait,
        limit: LONGEST_PAGE,
        ...(next !== null && { cursor: next }),
      }
      const { data, nextCursor, asOf } = await ask(whole)
      next = nextCursor
      // Before the first ledger there are no streams.
      if (asOf === null) return { pages: [], cursor: undefined, closedAt: 0 }
      pages.push({ streams: data, position: asOf.cursor })
      if (cursor === undefined || asOf.cursor < cursor) cursor = asOf.cursor
      if (asOf.ledgerClosedAt !== null) {
        closedAt = Math.max(closedAt, Date.parse(asOf.ledgerClosedAt) / 1_000)
      }
    } while (next !== null)
  }
  return { pages, cursor, closedAt }
}

/** A list has one user, and at most so many ids. */
function* queriesOf({ all, streams = [], users = [] }: StreamsFilter): Generator<Query> {
  if (all === true) yield {}
  for (let start = 0; start < streams.length; start += LONGEST_PAGE) {
    yield { streams: streams.slice(start, start + LONGEST_PAGE) }
  }
  for (const user of users) yield { user }
}
