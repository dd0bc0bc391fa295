import type { Cursor } from '../../domain/cursor.ts'
import type { EventFilter } from '../../domain/filter.ts'
import { LIMIT } from '../sqlite.ts'
import type { Sqlite } from '../sqlite.ts'
import { restOf } from './log-query.ts'
import type { Order, Range } from './log-query.ts'
import type { Merge, MergeQuery } from './merge.ts'

/** A log entry without its JSON. */
type BareEntry = [
  id: Cursor,
  type: string,
  streamId: string | null,
  sender: string | null,
  recipient: string | null,
]

const COLUMNS = 'id, type, stream_id, sender, recipient'

/** Entries without their JSON that take about half a millisecond. */
const ENTRIES_PER_STEP = 400

/** Ids of the matches, in order, batch by batch; returns the rest of the range, if there is any. */
type Matches = Generator<Cursor[], Range | undefined>

/** Finds matches by checking entries one by one, about `most` of them, in steps. */
export interface Candidates {
  /** Checks every entry of a range. */
  inLog(filter: EventFilter, query: { range: Range; order: Order; most: number }): Matches
  /** Checks only the entries that `merge` finds. */
  merged(filter: EventFilter, query: MergeQuery & { most: number }): Matches
  /** Keeps the ids whose entries match. */
  check(filter: EventFilter, batches: Iterable<Cursor[]>): Generator<Cursor[], void>
}

export function createCandidates(sqlite: Sqlite, merge: Merge): Candidates {
  const ordered = (order: Order) =>
    sqlite
      .prepare<[Cursor, Cursor, number], BareEntry>(
        `select ${COLUMNS} from events where id > ? and id < ? order by id ${order} limit ${LIMIT}`,
      )
      .raw()
  const entries = { asc: ordered('asc'), desc: ordered('desc') }
  const withIds = sqlite
    .prepare<[string], BareEntry>(
      `select ${COLUMNS} from (select value from json_each(?)) cross join events on id = value`,
    )
    .raw()

  return {
    *inLog(filter, { range: start, order, most }) {
      const isMatch = matcherOf(filter)
      let range = start
      for (let seen = 0; seen < most; seen += ENTRIES_PER_STEP) {
        const some = entries[order].all(range.low, range.high, ENTRIES_PER_STEP)
        yield some.filter(isMatch).map(([id]) => id)
        const last = some.at(-1)
        if (last === undefined || some.length < ENTRIES_PER_STEP) return undefined
        range = restOf(range, last[0], order)
      }
      return range
    },

    *merged(filter, { most, ...query }) {
      const isMatch = matcherOf(filter)
      let seen = 0
      for (const batch of merge(query)) {
        for (let at = 0; at < batch.length; at += ENTRIES_PER_STEP) {
          const some = batch.slice(at, at + ENTRIES_PER_STEP)
          const read = withIds.all(JSON.stringify(some))
          yield read.filter(isMatch).map(([id]) => id)
          seen += some.length
          const last = some.at(-1)
          if (last !== undefined && seen >= most) return restOf(query.range, last, query.order)
        }
        if (batch.length === 0) yield batch
      }
      return undefined
    },

    *check(filter, batches) {
      const isMatch = matcherOf(filter)
      for (const batch of batches) {
        if (batch.length === 0) yield batch
        for (let at = 0; at < batch.length; at += ENTRIES_PER_STEP) {
          const read = withIds.all(JSON.stringify(batch.slice(at, at + ENTRIES_PER_STEP)))
          yield read.filter(isMatch).map(([id]) => id)
        }
      }
    },
  }
}

function matcherOf({ streams, users, types }: EventFilter): (entry: BareEntry) => boolean {
  const [ids, parties] = [new Set(streams), new Set(users)]
  const kinds = types && new Set(types)
  return ([, type, stream, sender, recipient]) =>
    (kinds === undefined || kinds.has(type)) &&
    ((stream !== null && ids.has(stream)) ||
      (sender !== null && parties.has(sender)) ||
      (recipient !== null && parties.has(recipient)))
}
