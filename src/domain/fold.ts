import type { StreamEvent } from './event.ts'
import { saturatingAdd, U64_MAX } from './integers.ts'
import type { Stream } from './stream.ts'

/**
 * One step of the mirror: what `event` makes of the stream's record, exactly as the contract's own
 * arithmetic does, with the close time of the event's ledger as `now`. Undefined in and out: a
 * stream whose creation was not seen stays unknown, and a fee changes no record.
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
      // The anchor stays: advancing it would forfeit what has accrued since.
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
      // is_active is neither touched nor checked by the contract: a stream cancelled while paused
      // can be resumed, says Active on chain, and still pays nobody.
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
