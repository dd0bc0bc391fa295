import type { StreamEvent } from './event.ts'
import { claimable } from './stream.ts'
import type { Stream, StreamRecord } from './stream.ts'

/** The balance of a stream in words and formulas that a person can check. Pure. */

/** What an event did to a stream. `stream` is the stream after it. */
export function describeEvent(event: StreamEvent, stream: Stream): string {
  switch (event.type) {
    case 'stream.created': {
      const { depositedAmount, ratePerSecond, startTime } = event.fields
      return `created with ${depositedAmount}, which accrues at ${ratePerSecond} a second from ${startTime} on`
    }
    case 'stream.topped_up':
      return `topped up by ${event.fields.amount} to ${event.fields.newDepositedAmount}`
    case 'stream.withdrawn':
      return `the recipient withdrew ${event.fields.amount}; accrual counts from ${stream.lastUpdateTime} on`
    case 'stream.cancelled': {
      const { amountWithdrawn, refundedAmount } = event.fields
      return `cancelled: ${amountWithdrawn} went to the recipient in all, ${refundedAmount} back to the sender`
    }
    case 'stream.completed':
      return `completed: the recipient has all ${event.fields.totalWithdrawn}`
    case 'stream.paused':
      return `paused: nothing accrues after ${event.fields.pausedAt}`
    case 'stream.resumed':
      return stream.isActive
        ? `resumed: the time of the pause does not count, so accrual counts from ${stream.lastUpdateTime} on`
        : 'resumed on the chain, but it had ended and pays nothing more'
    case 'stream.fee_collected':
      return `a fee of ${event.fields.feeAmount} was paid; it is not part of the deposit`
  }
}

/** What a record of the chain says, as the first step of a stream that is older than the log. */
export function describeRecord({ updatedLedger }: Stream): string {
  return `read from the chain, as its record was at the end of ledger ${updatedLedger}`
}

/** How much can be claimed at `time`, as a calculation; its result is that of `claimable`. */
export function formulaAt(stream: StreamRecord, time: bigint): string {
  if (!stream.isActive) return '0, because the stream has ended'
  const { depositedAmount, withdrawnAmount, lastUpdateTime, ratePerSecond, pausedAt } = stream
  const until = stream.paused && pausedAt !== null ? pausedAt : time
  const elapsed = until >= lastUpdateTime ? `(${until} - ${lastUpdateTime})` : '0'
  const remaining =
    depositedAmount >= withdrawnAmount ? `${depositedAmount} - ${withdrawnAmount}` : '0'
  return `min(${elapsed} * ${ratePerSecond}, ${remaining}) = ${claimable(stream, time)}`
}
