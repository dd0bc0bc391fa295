import { z } from '@hono/zod-openapi'
import { endTime, statusOf } from '../domain/stream.ts'
import type { Stream } from '../domain/stream.ts'
import { V1Event, v1Event, V1Id } from './event.ts'
import { iso, numberOrText } from './numbers.ts'
import type { Pasts } from './past.ts'

/** A stream as FlowFi's backend shows it. */

const Sec = z.union([z.number().int(), z.string()]).openapi({ description: 'Unix seconds' })
const When = z.string().openapi({ format: 'date-time' })
const Amount = z.string()

const V1Party = z
  .object({ id: z.string(), publicKey: z.string(), createdAt: When, updatedAt: When })
  .openapi('V1Party')

export const V1Stream = z
  .object({
    id: z.string(),
    streamId: V1Id,
    sender: z.string(),
    recipient: z.string(),
    tokenAddress: z.string(),
    ratePerSecond: Amount,
    depositedAmount: Amount,
    withdrawnAmount: Amount,
    startTime: Sec,
    lastUpdateTime: Sec.openapi({ description: 'from when on the amount accrues' }),
    endTime: Sec.nullable().openapi({ description: 'when an active stream runs dry' }),
    isActive: z.boolean(),
    isPaused: z.boolean(),
    pausedAt: Sec.nullable(),
    totalPausedDuration: z.number().openapi({ description: 'seconds' }),
    createdAt: When,
    updatedAt: When,
    status: z.enum(['Active', 'Paused', 'Cancelled', 'Completed']),
    senderUser: V1Party,
    recipientUser: V1Party,
    events: z.array(V1Event).openapi({
      description: 'of one stream all events, newest first; in lists the event that ended it',
    }),
  })
  .openapi('V1Stream')

const STATUS = {
  active: 'Active',
  paused: 'Paused',
  cancelled: 'Cancelled',
  completed: 'Completed',
} as const

/** The stream with the event that ended it, if it has ended. */
export function v1Stream(stream: Stream, pasts: Pasts): z.infer<typeof V1Stream> {
  const { sender, recipient, tokenAddress, isActive } = stream
  const streamId = stream.streamId.toString()
  const { createdAt, updatedAt, pausedSeconds, ended } = pasts.of(streamId)
  // A stream that was cancelled while paused stays paused on the chain.
  const isPaused = isActive && stream.paused
  const end = endTime(stream)
  const times = {
    createdAt: iso(createdAt ?? stream.startTime),
    updatedAt: iso(updatedAt ?? createdAt ?? stream.startTime),
  }
  return {
    id: streamId,
    streamId: numberOrText(stream.streamId),
    sender,
    recipient,
    tokenAddress,
    ratePerSecond: stream.ratePerSecond.toString(),
    depositedAmount: stream.depositedAmount.toString(),
    withdrawnAmount: stream.withdrawnAmount.toString(),
    startTime: numberOrText(stream.startTime),
    lastUpdateTime: numberOrText(stream.lastUpdateTime),
    endTime: end === null ? null : numberOrText(end),
    isActive,
    isPaused,
    pausedAt: isPaused && stream.pausedAt !== null ? numberOrText(stream.pausedAt) : null,
    totalPausedDuration: pausedSeconds,
    ...times,
    status: STATUS[statusOf(stream)],
    // What lies between the two: no other stream of theirs is read for this.
    senderUser: { id: sender, publicKey: sender, ...times },
    recipientUser: { id: recipient, publicKey: recipient, ...times },
    events: stream.isActive || ended === undefined ? [] : [v1Event(ended, pasts.pauses)],
  }
}
