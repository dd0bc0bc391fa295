import { claimable } from '../../domain/stream.ts'
import type { Sqlite } from '../sqlite.ts'
import { fromRow, SELECT_STREAM_VALUES } from '../stream-row.ts'
import type { StreamValues } from '../stream-row.ts'
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

/** Index ranges of streams. */
const RANGES = {
  sender: 'indexed by streams_sender_created where sender = @address and',
  recipient: 'indexed by streams_recipient_created where recipient = @address and',
  all: 'indexed by streams_status_created where',
}

type ByToken = Map<string, bigint>

/**
 * The amount that can be withdrawn at a time (Unix seconds), by token. All steps need one snapshot.
 */
export interface Claimable {
  ofAddress(address: string, time: number): Generator<void, Record<Side, ByToken>>
  ofAll(time: number): Generator<void, ByToken>
}

/**
 * Adds up the amounts that can be withdrawn from streams, in steps. They change every second, so
 * they cannot be stored. SQLite does the arithmetic for small numbers, which is several times as
 * fast as reading every stream.
 */
export function createClaimable(sqlite: Sqlite): Claimable {
  const statements = {
    sender: statementOf('sender'),
    recipient: statementOf('recipient'),
    all: statementOf('all'),
  }
  const byRow = sqlite.prepare<[number], StreamValues>(`${SELECT_STREAM_VALUES} where rowid = ?`)

  function statementOf(range: keyof typeof RANGES) {
    return sqlite.prepare<unknown[], Sum>(
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
           from streams ${RANGES[range]} status = @status and created_order > @after
           order by created_order limit ${STREAMS_PER_STEP})
         group by token_address`,
    )
  }

  function* sumsOf(
    range: keyof typeof RANGES,
    { address, time }: { address: string; time: number },
  ): Generator<void, ByToken> {
    const sums: ByToken = new Map()
    // Nothing can be withdrawn from the others.
    for (const status of ['active', 'paused']) {
      let after = ''
      for (;;) {
        const found = statements[range].all({ address, status, after, time })
        for (const sum of found) add(sums, sum, BigInt(time))
        const read = found.reduce((total, sum) => total + sum.streams, 0)
        if (read < STREAMS_PER_STEP) break
        after = found.reduce((last, sum) => (sum.last > last ? sum.last : last), '')
        yield
      }
    }
    return sums
  }

  function add(sums: ByToken, { tokenAddress, small, large }: Sum, time: bigint): void {
    let total = sums.get(tokenAddress) ?? 0n
    total += BigInt(small ?? 0)
    for (const row of large?.split(',') ?? []) {
      const found = byRow.get(Number(row))
      if (found !== undefined) total += claimable(fromRow(found), time)
    }
    sums.set(tokenAddress, total)
  }

  return {
    *ofAddress(address, time) {
      const sender = yield* sumsOf('sender', { address, time })
      return { sender, recipient: yield* sumsOf('recipient', { address, time }) }
    },
    ofAll: (time) => sumsOf('all', { address: '', time }),
  }
}
