import { I128_MAX, saturatingSub } from './integers.ts'

/** The contract's `Stream` record (DataKey::Stream(id)), with the same fields. */
export interface StreamRecord {
  streamId: bigint
  sender: string
  recipient: string
  tokenAddress: string
  /** Smallest units per second, after fees. */
  ratePerSecond: bigint
  depositedAmount: bigint
  withdrawnAmount: bigint
  /** Unix seconds, like all times in this file. */
  startTime: bigint
  /** The time from which the amount accrues, not the time of the last change. */
  lastUpdateTime: bigint
  isActive: boolean
  paused: boolean
  pausedAt: bigint | null
  status: ChainStatus
}

export const RECORD_FIELDS = [
  'streamId',
  'sender',
  'recipient',
  'tokenAddress',
  'ratePerSecond',
  'depositedAmount',
  'withdrawnAmount',
  'startTime',
  'lastUpdateTime',
  'isActive',
  'paused',
  'pausedAt',
  'status',
] as const satisfies readonly (keyof StreamRecord)[]

/** The status that the contract stores. A cancelled stream that is resumed is `Active` again. */
export type ChainStatus = 'Active' | 'Paused' | 'Cancelled' | 'Completed'

/** The status that users see: an inactive stream stays cancelled or completed. */
export type StreamStatus = 'active' | 'paused' | 'cancelled' | 'completed'

/** A record, with what only the indexer knows about it. */
export interface Stream extends StreamRecord {
  /** How an inactive stream ended; null while it is active. */
  ended: 'cancelled' | 'completed' | null
  /** Close time of the ledger in which it ended, Unix seconds. */
  endedAt: number | null
  /** Null if the creation was not seen. */
  createdLedger: number | null
  updatedLedger: number
  lastEventId: string | null
  origin: 'events' | 'chain'
  /**
   * The last ledger before the record is archived, as the chain last said. 0 means archived, null
   * means not asked yet.
   */
  liveUntilLedger: number | null
}

export const STREAM_STATUSES = ['active', 'paused', 'cancelled', 'completed'] as const

export function statusOf(stream: Stream): StreamStatus {
  if (!stream.isActive) return stream.ended ?? 'cancelled'
  return stream.paused ? 'paused' : 'active'
}

/**
 * What the recipient could withdraw at `time` (Unix seconds): the contract's
 * `get_claimable_amount`, with the same saturating i128 and u64 arithmetic.
 */
export function claimable(stream: StreamRecord, time: bigint): bigint {
  if (!stream.isActive) return 0n
  const difference = saturatingSub(stream.depositedAmount, stream.withdrawnAmount)
  const remaining = difference > 0n ? difference : 0n
  const until = stream.paused && stream.pausedAt !== null ? stream.pausedAt : time
  const elapsed = until > stream.lastUpdateTime ? until - stream.lastUpdateTime : 0n
  const accrued = elapsed * stream.ratePerSecond
  if (accrued > I128_MAX) return remaining
  return accrued < remaining ? accrued : remaining
}

/** When an active stream runs out of money, Unix seconds; null if paused or inactive. */
export function endTime(stream: StreamRecord): bigint | null {
  if (!stream.isActive || stream.paused || stream.ratePerSecond <= 0n) return null
  return (
    stream.lastUpdateTime + (stream.depositedAmount - stream.withdrawnAmount) / stream.ratePerSecond
  )
}
