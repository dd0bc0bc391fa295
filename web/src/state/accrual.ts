import type { Stream } from './shapes.ts'

/** The contract's arithmetic, for amounts that tick. */

/** What the recipient could withdraw at `time` (Unix seconds). */
export function claimableAt(stream: Stream, time: number): bigint {
  if (!stream.isActive) return 0n
  const left = BigInt(stream.depositedAmount) - BigInt(stream.withdrawnAmount)
  const remaining = left > 0n ? left : 0n
  // Times beyond 2^53 are null: such a stream has not begun.
  if (stream.lastUpdateTime === null) return 0n
  const until = stream.isPaused && stream.pausedAt !== null ? stream.pausedAt : time
  const elapsed = Math.max(0, until - stream.lastUpdateTime)
  const accrued = BigInt(Math.floor(elapsed)) * BigInt(stream.ratePerSecond)
  return accrued < remaining ? accrued : remaining
}

/** Where `part` lies between zero and `total`, from 0 to 1. */
export function share(part: bigint, total: bigint): number {
  if (total <= 0n) return 0
  const parts = Number((part * 10_000n) / total) / 10_000
  return Math.min(1, Math.max(0, parts))
}
