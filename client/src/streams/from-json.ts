import type { StreamEvent } from '../../../src/domain/event.ts'
import { U64_MAX } from '../../../src/domain/integers.ts'
import type { Stream as FoldedStream } from '../../../src/domain/stream.ts'
import type { EventOf, Stream } from '../api/shapes.ts'

/** Streams and events as the daemon's fold wants them: amounts, ids and times as bigint. */

/** The types that change a stream. A fee changes none. */
export const CHANGES = [
  'stream.created',
  'stream.topped_up',
  'stream.withdrawn',
  'stream.cancelled',
  'stream.completed',
  'stream.paused',
  'stream.resumed',
] as const

export type Change = EventOf<(typeof CHANGES)[number]>

/**
 * JSON says null for a time that a double cannot hold. Any time that late does: nothing accrues
 * before it, and it is shown as null again.
 */
function time(seconds: number | null): bigint {
  return seconds === null ? U64_MAX : BigInt(seconds)
}

export function streamFrom(json: Stream): FoldedStream {
  return {
    streamId: BigInt(json.streamId),
    sender: json.sender,
    recipient: json.recipient,
    tokenAddress: json.tokenAddress,
    ratePerSecond: BigInt(json.ratePerSecond),
    depositedAmount: BigInt(json.depositedAmount),
    withdrawnAmount: BigInt(json.withdrawnAmount),
    startTime: time(json.startTime),
    lastUpdateTime: time(json.lastUpdateTime),
    isActive: json.isActive,
    paused: json.isPaused,
    pausedAt: json.isPaused ? time(json.pausedAt) : null,
    // Only the contract's own status, which users do not see.
    status: json.isPaused ? 'Paused' : 'Active',
    ended: endOf(json),
    endedAt: json.endedAt,
    createdLedger: json.createdLedger,
    updatedLedger: json.updatedLedger,
    lastEventId: json.lastEventId,
    origin: json.origin,
    liveUntilLedger: json.liveUntilLedger,
  }
}

function endOf({ isActive, status }: Stream): FoldedStream['ended'] {
  if (isActive) return null
  return status === 'completed' ? 'completed' : 'cancelled'
}

export function eventFrom(event: Change): StreamEvent {
  const { id, contractId, ledger, timestamp, transactionHash } = event
  const streamId = BigInt(event.streamId)
  const base = { id, contractId, ledger, timestamp, transactionHash, streamId }
  const sender = event.sender ?? ''
  const recipient = event.recipient ?? ''
  switch (event.type) {
    case 'stream.created': {
      const { tokenAddress } = event
      const ratePerSecond = BigInt(event.ratePerSecond)
      const depositedAmount = BigInt(event.depositedAmount)
      const startTime = time(event.startTime)
      const amounts = { ratePerSecond, tokenAddress, depositedAmount, startTime }
      return { ...base, type: event.type, fields: { sender, recipient, ...amounts } }
    }
    case 'stream.topped_up': {
      const newDepositedAmount = BigInt(event.newDepositedAmount)
      const fields = { sender, amount: BigInt(event.amount), newDepositedAmount }
      return { ...base, type: event.type, fields }
    }
    case 'stream.withdrawn': {
      const withdrawnAt = BigInt(timestamp)
      const fields = { recipient, amount: BigInt(event.amount), withdrawnAt }
      return { ...base, type: event.type, fields }
    }
    case 'stream.cancelled': {
      const amountWithdrawn = BigInt(event.amountWithdrawn)
      const refundedAmount = BigInt(event.refundedAmount)
      const fields = { sender, recipient, amountWithdrawn, refundedAmount }
      return { ...base, type: event.type, fields }
    }
    case 'stream.completed': {
      const fields = { recipient, totalWithdrawn: BigInt(event.totalWithdrawn) }
      return { ...base, type: event.type, fields }
    }
    case 'stream.paused':
      return { ...base, type: event.type, fields: { sender, pausedAt: time(event.pausedAt) } }
    case 'stream.resumed':
      return { ...base, type: event.type, fields: { sender, newEndTime: time(event.newEndTime) } }
  }
}
