import type { Stream } from '../../domain/stream.ts'
import { createBetween } from './between.ts'
import type { Sums } from './between.ts'
import { createClaimable } from './claimable.ts'
import { createOverall } from './overall.ts'
import type { Overall } from './overall.ts'
import type { Sqlite } from '../sqlite.ts'
import { createStreamList } from './stream-list.ts'
import type { StreamPage, StreamQuery } from './stream-list.ts'
import { fromRow, SELECT_STREAM_VALUES, u64Order } from '../stream-row.ts'
import type { StreamValues } from '../stream-row.ts'
import { createTotals } from './totals.ts'
import type { Side, Total, WholeTotal } from './totals.ts'

export { STREAM_SORTS } from './stream-list.ts'
export type { StreamKey, StreamPage, StreamQuery } from './stream-list.ts'

export interface Streams {
  page(query: StreamQuery): StreamPage
  /** The same in steps of a few milliseconds. All steps need one snapshot. */
  list(query: StreamQuery): Generator<void, StreamPage>
  byId(streamId: string): Stream | undefined
  /** Sums over the streams of an address. */
  totals(address: string): Total[]
  /** Sums over all streams. */
  wholeTotals(): WholeTotal[]
  /**
   * The amount that can be withdrawn from all streams of an address at `time` (Unix seconds), by
   * side and token, in steps of about a millisecond. All steps need one snapshot.
   */
  claimable(address: string, time: number): Generator<void, Record<Side, Map<string, bigint>>>
  /** Both over the streams between an address and a party. */
  between(address: string, party: string, time: number): Generator<void, Sums>
  /** Sums by token over all streams, or those of a party. All steps need one snapshot. */
  overall: Overall
  count(): number
  /** Ids of streams in order, after the given one. */
  idsAfter(streamId: bigint | undefined, limit: number): bigint[]
}

export function createStreams(sqlite: Sqlite): Streams {
  const byId = sqlite.prepare<[string], StreamValues>(`${SELECT_STREAM_VALUES} where stream_id = ?`)
  const list = createStreamList(sqlite)
  const between = createBetween(list)
  const totals = createTotals(sqlite)
  const claimable = createClaimable(sqlite)
  const count = sqlite.prepare<[], number>('select count(*) from streams').pluck()
  const ids = sqlite
    .prepare<[string, number], string>(
      'select stream_id from streams where created_order > ? order by created_order limit ?',
    )
    .pluck()

  return {
    list,
    page(query) {
      const steps = list(query)
      for (;;) {
        const { done, value } = steps.next()
        if (done === true) return value
      }
    },
    byId(streamId) {
      const row = byId.get(streamId)
      return row && fromRow(row)
    },
    totals: totals.ofAddress,
    wholeTotals: totals.ofAll,
    claimable: claimable.ofAddress,
    between,
    overall: createOverall({ totals, claimable, between }),
    count: () => count.get() ?? 0,
    idsAfter(streamId, limit) {
      const after = streamId === undefined ? '' : u64Order(streamId)
      return ids.all(after, limit).map(BigInt)
    },
  }
}
