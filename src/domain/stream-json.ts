import { claimable, endTime, statusOf } from './stream.ts'
import type { Stream, StreamStatus } from './stream.ts'
import { jsonTime } from './times.ts'

/** A stream as users get it. */
export interface StreamJson {
  streamId: string
  sender: string
  recipient: string
  tokenAddress: string
  ratePerSecond: string
  depositedAmount: string
  withdrawnAmount: string
  claimableAmount: string
  startTime: number | null
  lastUpdateTime: number | null
  endTime: number | null
  endedAt: number | null
  status: StreamStatus
  isActive: boolean
  isPaused: boolean
  pausedAt: number | null
  createdLedger: number | null
  updatedLedger: number
  lastEventId: string | null
  origin: 'events' | 'chain'
  liveUntilLedger: number | null
}

/** `time`: the moment for which `claimableAmount` is calculated, Unix seconds. */
export function streamJson(stream: Stream, time: bigint): StreamJson {
  return {
    streamId: stream.streamId.toString(),
    sender: stream.sender,
    recipient: stream.recipient,
    tokenAddress: stream.tokenAddress,
    ratePerSecond: stream.ratePerSecond.toString(),
    depositedAmount: stream.depositedAmount.toString(),
    withdrawnAmount: stream.withdrawnAmount.toString(),
    claimableAmount: claimable(stream, time).toString(),
    startTime: jsonTime(stream.startTime),
    lastUpdateTime: jsonTime(stream.lastUpdateTime),
    endTime: jsonTime(endTime(stream)),
    endedAt: stream.endedAt,
    status: statusOf(stream),
    isActive: stream.isActive,
    isPaused: stream.paused,
    pausedAt: jsonTime(stream.pausedAt),
    createdLedger: stream.createdLedger,
    updatedLedger: stream.updatedLedger,
    lastEventId: stream.lastEventId,
    origin: stream.origin,
    liveUntilLedger: stream.liveUntilLedger,
  }
}
