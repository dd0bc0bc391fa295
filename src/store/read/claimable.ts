import { claimable } from '../../domain/stream.ts'
import type { Sqlite } from '../sqlite.ts'
import { fromRow, SELECT_STREAMS } from '../stream-row.ts'
import type { StreamRow } from '../stream-row.ts'
import type { Side } from './totals.ts'

/** Streams that SQLite adds up in less than a millisecond. */
const STREAMS_PER_STEP = 300
/**
 * The most digits for which SQLite's 64-bit arithmetic gives the right result. A product may exceed
 * 2^63, but then it exceeds every such amount, and the amount is the minimum of the two.
 */
const SMALL_AMOUNT = 15
const SMALL_RATE = 18

interface Sum {
  tokenAddress: string
  /** The sum over streams with small numbers; null if there are none. */
  small: string | null
  /** Row numbers of the other streams, comma-separated. */
  large: string | null
  streams: number
  last: string
}

/**
 * Adds up the amounts that can be withdrawn from the streams of an address, in steps. They change
 * every second, so they cannot be stored. SQLite does the arithmetic for small numbers, which is
 * several times as fast as reading every stream.
 */
export function createClaimable(
  sqlite: Sqlite,
): (address: string, time: number) => Generator<void, Record<Side, Map<string, bigint>>> {
  const statements = { sender: statementOf('sender'), recipient: statementOf('recipient') }
  const byRow = sqlite.prepare<[number], StreamRow>(`${SELECT_STREAMS} where rowid = ?`)

  function statementOf(side: Side) {
    return sqlite.prepare(
      `select token_address as tokenAddress, count(*) as streams, max(created_order) as last,
           cast(sum(min(max(deposited - withdrawn, 0), max(until - since, 0) * rate))
             filter (where is_small) as text) as small,
           group_concat(row) filter (where not is_small) as large
         from (
           select rowid as row, token_address, created_order,
             cast(deposited_amount as integer) as deposited,
             cast(withdrawn_amount as integer) as withdrawn,
             cast(rate_per_second as integer) as rate,
             cast(last_update_time as integer) as since,
             case when paused and paused_at is not null then cast(paused_at as integer)
               else cast(@time as integer) end as until,
             length(deposited_amount) <= ${SMALL_AMOUNT}
               and length(withdrawn_amount) <= ${SMALL_AMOUNT}
               and length(rate_per_second) <= ${SMALL_RATE} and rate_per_second >= '0'
               and length(last_update_time) <= ${SMALL_AMOUNT}
               and coalesce(length(paused_at), 0) <= ${SMALL_AMOUNT} as is_small
           from streams indexed by streams_${side}_created
           where ${side} = @address and status = @status and created_order > @after
           order by created_order limit ${STREAMS_PER_STEP})
         group by token_address`,
    )
  }

  return function* (address, time) {
    const sums = { sender: new Map<string, bigint>(), recipient: new Map<string, bigint>() }
    for (const side of ['sender', 'recipient'] as const) {
      // Nothing can be withdrawn from the others.
      for (const status of ['active', 'paused']) {
        let after = ''
        for (;;) {
          const found = statements[side].all({ address, status, after, time }) as Sum[]
          for (const sum of found) add(sums[side], sum)
          const read = found.reduce((total, sum) => total + sum.streams, 0)
          if (read < STREAMS_PER_STEP) break
          after = found.reduce((last, sum) => (sum.last > last ? sum.last : last), '')
          yield
        }
      }
    }
    return sums

    function add(totals: Map<string, bigint>, { tokenAddress, small, large }: Sum): void {
      let total = totals.get(tokenAddress) ?? 0n
      total += BigInt(small ?? 0)
      for (const row of large?.split(',') ?? []) {
        const found = byRow.get(Number(row))
        if (found !== undefined) total += claimable(fromRow(found), BigInt(time))
      }
      totals.set(tokenAddress, total)
    }
  }
}
