import { claimable } from '../../domain/stream.ts'
import { drizzle, eq, sql } from '../drizzle.ts'
import type { Sqlite } from '../sqlite.ts'
import { streams } from '../schema.ts'
import { fromRow } from '../stream-row.ts'
import type { Side } from './totals.ts'

/** Streams of which SQLite adds up what can be withdrawn in less than a millisecond. */
const STREAMS_PER_STEP = 300
/**
 * Amounts of so few digits can be added up, and rates of so few multiplied, without leaving 2^63
 * where it matters: a product beyond it is beyond every such amount.
 */
const SMALL_AMOUNT = 15
const SMALL_RATE = 18

interface Sum {
  tokenAddress: string
  /** Of the streams with small numbers. */
  small: string | null
  /** Rows of the others. */
  large: string | null
  streams: number
  last: string
}

/**
 * Adds up what can be withdrawn from a party's streams, in steps. It changes with every second, so
 * it cannot be kept; SQLite multiplies and adds where the numbers allow it, which is several times
 * as fast as reading every stream.
 */
export function createClaimable(
  sqlite: Sqlite,
): (address: string, time: number) => Generator<void, Record<Side, Map<string, bigint>>> {
  const statements = { sender: statementOf('sender'), recipient: statementOf('recipient') }
  const byRow = drizzle({ client: sqlite })
    .select()
    .from(streams)
    .where(eq(sql`rowid`, sql.placeholder('row')))
    .prepare()

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
      // From the others nothing can be withdrawn.
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
        const found = byRow.get({ row: Number(row) })
        if (found !== undefined) total += claimable(fromRow(found), BigInt(time))
      }
      totals.set(tokenAddress, total)
    }
  }
}
