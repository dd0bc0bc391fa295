import { I128_MAX, saturatingSub } from './integers.ts'

/** The contract's `Stream` record (DataKey::Stream(id)), field for field. */
export interface StreamRecord {
  streamId: bigint
  sender: string
  recipient: string
  tokenAddress: string
  /** Smallest units per second, net of fees. */
  ratePerSecond: bigint
  depositedAmount: bigint
  withdrawnAmount: bigint
  /** Unix seconds, like all times here. */
  startTime: bigint
  /** The accrual anchor, not "last touched". */
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

/** The status the contract stores; a cancelled stream that is resumed says Active again. */
export type ChainStatus = 'Active' | 'Paused' | 'Cancelled' | 'Completed'

/** The status people see: an inactive stream stays cancelled or completed. */
export type StreamStatus = 'active' | 'paused' | 'cancelled' | 'completed'

/** A record and what the indexer knows about it beyond the chain's storage. */
export interface Stream extends StreamRecord {
  /** How an inactive stream ended; null while it is active. */
  ended: 'cancelled' | 'completed' | null
  /** Close time of the ledger that ended it, Unix seconds. */
  endedAt: number | null
  /** Null where the creation was not seen. */
  createdLedger: number | null
  updatedLedger: number
  lastEventId: string | null
  origin: 'events' | 'chain'
  /** The last ledger before the record is archived, as last asked; 0: archived; null: not asked. */
  liveUntilLedger: number | null
}

export const STREAM_STATUSES = ['active', 'paused', 'cancelled', 'completed'] as const

/** What people are shown as status. */
export function statusOf(stream: Stream): StreamStatus {
  if (!stream.isActive) return stream.ended ?? 'cancelled'
  return stream.paused ? 'paused' : 'active'
}

/**
 * What the recipient could withdraw at `time` (Unix seconds): the contract's
 * `get_claimable_amount`, saturating as its i128 and u64 arithmetic does.
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

/** When an active stream runs dry, Unix seconds; null while paused and once inactive. */
export function endTime(stream: StreamRecord): bigint | null {
  if (!stream.isActive || stream.paused || stream.ratePerSecond <= 0n) return null
  return (
    stream.lastUpdateTime + (stream.depositedAmount - stream.withdrawnAmount) / stream.ratePerSecond
  )
}
