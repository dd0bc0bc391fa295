import type { StreamStatus } from '../../domain/stream.ts'
import type { Side } from '../read/totals.ts'
import type { Sqlite } from '../sqlite.ts'
import type { StreamRow } from '../stream-row.ts'

/** Keeps sums over the streams, in the transaction that changes the streams. */
export interface TotalsWriter {
  /** Notes that a stream's row has changed; undefined: it did not exist before, or does not now. */
  change(before: StreamRow | undefined, after: StreamRow | undefined): void
  /** Writes the changes. */
  flush(): void
  /** Drops changes that were not written. */
  clear(): void
}

type TotalKey = [address: string, side: Side | 'all', tokenAddress: string, status: StreamStatus]

interface Change {
  key: TotalKey
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
  /** Collected for the transaction: thousands of changes often concern a few rows. */
  const changes = new Map<string, Change>()

  function add(row: StreamRow, sign: 1 | -1): void {
    const { status, tokenAddress: token } = row
    const deposited = BigInt(row.depositedAmount)
    const withdrawn = BigInt(row.withdrawnAmount)
    for (const key of [
      [row.sender, 'sender', token, status],
      [row.recipient, 'recipient', token, status],
      ['', 'all', token, status],
    ] satisfies TotalKey[]) {
      const name = key.join(' ')
      let change = changes.get(name)
      if (change === undefined) {
        change = { key, streams: 0, deposited: 0n, withdrawn: 0n }
        changes.set(name, change)
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
      for (const { key, streams, deposited, withdrawn } of changes.values()) {
        if (streams === 0 && deposited === 0n && withdrawn === 0n) continue
        const row = select.get(...key) as [number, string, string] | undefined
        const [count, into, outOf] = row ?? [0, '0', '0']
        if (count + streams === 0) remove.run(...key)
        else {
          const sums = [BigInt(into) + deposited, BigInt(outOf) + withdrawn].map(String)
          save.run(...key, count + streams, ...sums)
        }
      }
      changes.clear()
    },
    clear: () => changes.clear(),
  }
}
