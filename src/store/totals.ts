import type { StreamStatus } from '../domain/stream.ts'
import type { Sqlite } from './open.ts'
import type { StreamRow } from './stream-row.ts'

export type Side = 'sender' | 'recipient'

/** What the streams of one status, on one side of an address, come to in one token. */
export interface Total {
  side: Side
  tokenAddress: string
  status: StreamStatus
  streams: number
  depositedAmount: bigint
  withdrawnAmount: bigint
}

/** Keeps the sums beside the streams, inside the transaction that changes these. */
export interface TotalsWriter {
  /** A stream's row has changed from one to the other; undefined: there was, or is, none. */
  change(before: StreamRow | undefined, after: StreamRow | undefined): void
  /** Writes what has changed. */
  flush(): void
  /** Forgets what was not written. */
  clear(): void
}

type Place = [address: string, side: Side | 'all', tokenAddress: string, status: StreamStatus]

interface Change {
  place: Place
  streams: number
  deposited: bigint
  withdrawn: bigint
}

export function createTotalsWriter(sqlite: Sqlite): TotalsWriter {
  const where = 'address = ? and side = ? and token_address = ? and status = ?'
  const select = sqlite
    .prepare(`select streams, deposited_amount, withdrawn_amount from stream_totals where ${where}`)
    .raw()
  const save = sqlite.prepare(
    `insert or replace into stream_totals
     (address, side, token_address, status, streams, deposited_amount, withdrawn_amount)
     values (?, ?, ?, ?, ?, ?, ?)`,
  )
  const remove = sqlite.prepare(`delete from stream_totals where ${where}`)
  /** Of the transaction: thousands of changes often come to a few rows. */
  const changes = new Map<string, Change>()

  function add(row: StreamRow, sign: 1 | -1): void {
    const { status, tokenAddress: token } = row
    const deposited = BigInt(row.depositedAmount)
    const withdrawn = BigInt(row.withdrawnAmount)
    for (const place of [
      [row.sender, 'sender', token, status],
      [row.recipient, 'recipient', token, status],
      ['', 'all', token, status],
    ] satisfies Place[]) {
      const key = place.join(' ')
      let change = changes.get(key)
      if (change === undefined) {
        change = { place, streams: 0, deposited: 0n, withdrawn: 0n }
        changes.set(key, change)
      }
      change.streams += sign
      change.deposited += sign === 1 ? deposited : -deposited
      change.withdrawn += sign === 1 ? withdrawn : -withdrawn
    }
  }

  return {
    change(before, after) {
      if (before !== undefined) add(before, -1)
      if (after !== undefined) add(after, 1)
    },
    flush() {
      for (const { place, streams, deposited, withdrawn } of changes.values()) {
        if (streams === 0 && deposited === 0n && withdrawn === 0n) continue
        const row = select.get(...place) as [number, string, string] | undefined
        const [count, into, outOf] = row ?? [0, '0', '0']
        if (count + streams === 0) remove.run(...place)
        else {
          const sums = [BigInt(into) + deposited, BigInt(outOf) + withdrawn].map(String)
          save.run(...place, count + streams, ...sums)
        }
      }
      changes.clear()
    },
    clear: () => changes.clear(),
  }
}

/** Reads what was kept. */
export function createTotals(sqlite: Sqlite): (address: string) => Total[] {
  const ofAddress = sqlite.prepare(
    `select side, token_address as tokenAddress, status, streams,
       deposited_amount as deposited, withdrawn_amount as withdrawn
     from stream_totals where address = ? order by token_address, side, status`,
  )
  return (address) =>
    (ofAddress.all(address) as Row[]).map(({ deposited, withdrawn, ...total }) => ({
      ...total,
      depositedAmount: BigInt(deposited),
      withdrawnAmount: BigInt(withdrawn),
    }))
}

type Row = Omit<Total, 'depositedAmount' | 'withdrawnAmount'> & {
  deposited: string
  withdrawn: string
}

/** The sum of decimal texts, for SQL: SQLite's own numbers end at 2^63. */
export function defineDecimalSum(sqlite: Sqlite): void {
  sqlite.aggregate<bigint>('decimal_sum', {
    start: 0n,
    step: (sum: bigint, value: unknown) => sum + BigInt(value as string),
    result: (sum) => sum.toString(),
  })
}
