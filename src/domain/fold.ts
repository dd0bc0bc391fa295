import type { StreamEvent } from './event.ts'
import { saturatingAdd, U64_MAX } from './integers.ts'
import type { Stream } from './stream.ts'

/**
 * The stream after `event`, with exactly the contract's arithmetic; `now` is the close time of the
 * event's ledger. A stream whose creation was not seen stays undefined. A fee changes nothing.
 */
export function fold(stream: Stream | undefined, event: StreamEvent): Stream | undefined {
  if (event.type === 'stream.created') return created(event)
  if (stream === undefined || event.type === 'stream.fee_collected') return stream
  return { ...stream, ...change(stream, event), updatedLedger: event.ledger, lastEventId: event.id }
}

function created(event: Extract<StreamEvent, { type: 'stream.created' }>): Stream {
  const { fields } = event
  return {
    streamId: event.streamId,
    sender: fields.sender,
    recipient: fields.recipient,
    tokenAddress: fields.tokenAddress,
    ratePerSecond: fields.ratePerSecond,
    depositedAmount: fields.depositedAmount,
    withdrawnAmount: 0n,
    startTime: fields.startTime,
    lastUpdateTime: fields.startTime,
    isActive: true,
    paused: false,
    pausedAt: null,
    status: 'Active',
    ended: null,
    endedAt: null,
    createdLedger: event.ledger,
    updatedLedger: event.ledger,
    lastEventId: event.id,
    origin: 'events',
    liveUntilLedger: null,
  }
}

type Change = Exclude<StreamEvent, { type: 'stream.created' | 'stream.fee_collected' }>

function change(stream: Stream, event: Change): Partial<Stream> {
  const now = BigInt(event.timestamp)
  switch (event.type) {
    case 'stream.topped_up':
      // The accrual anchor stays: if it moved, the amount accrued since then would be lost.
      return { depositedAmount: event.fields.newDepositedAmount }
    case 'stream.withdrawn':
      return {
        withdrawnAmount: saturatingAdd(stream.withdrawnAmount, event.fields.amount),
        lastUpdateTime: event.fields.withdrawnAt,
      }
    case 'stream.completed':
      return { isActive: false, status: 'Completed', ended: 'completed', endedAt: event.timestamp }
    case 'stream.paused':
      return { paused: true, pausedAt: event.fields.pausedAt, status: 'Paused' }
    case 'stream.resumed':
      // The contract does not check or change is_active. So a stream that was cancelled while
      // paused can be resumed: it is Active on chain, and still pays nothing.
      return {
        lastUpdateTime: resumedAnchor(stream, now),
        paused: false,
        pausedAt: null,
        status: 'Active',
      }
    case 'stream.cancelled':
      return {
        withdrawnAmount: event.fields.amountWithdrawn,
        isActive: false,
        status: 'Cancelled',
        lastUpdateTime: now,
        ended: 'cancelled',
        endedAt: event.timestamp,
      }
  }
}

function resumedAnchor(stream: Stream, now: bigint): bigint {
  const pausedFor = stream.pausedAt !== null && now > stream.pausedAt ? now - stream.pausedAt : 0n
  const anchor = stream.lastUpdateTime + pausedFor
  return anchor > U64_MAX ? U64_MAX : anchor
}
