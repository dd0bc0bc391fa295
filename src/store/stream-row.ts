import { I128_MIN } from '../domain/integers.ts'
import { jsonTime } from '../domain/times.ts'
import { endTime, statusOf } from '../domain/stream.ts'
import type { Stream } from '../domain/stream.ts'
import type { streams } from './schema.ts'

export type StreamRow = typeof streams.$inferSelect

/** Name of each column by its key in `StreamRow`. */
export const STREAM_COLUMNS = {
  streamId: 'stream_id',
  sender: 'sender',
  recipient: 'recipient',
  tokenAddress: 'token_address',
  ratePerSecond: 'rate_per_second',
  depositedAmount: 'deposited_amount',
  withdrawnAmount: 'withdrawn_amount',
  startTime: 'start_time',
  lastUpdateTime: 'last_update_time',
  isActive: 'is_active',
  paused: 'paused',
  pausedAt: 'paused_at',
  chainStatus: 'chain_status',
  ended: 'ended',
  endedAt: 'ended_at',
  createdLedger: 'created_ledger',
  updatedLedger: 'updated_ledger',
  lastEventId: 'last_event_id',
  origin: 'origin',
  liveUntilLedger: 'live_until_ledger',
  status: 'status',
  createdOrder: 'created_order',
  startOrder: 'start_order',
  endOrder: 'end_order',
  depositedOrder: 'deposited_order',
} as const satisfies Record<keyof StreamRow, string>

/** They follow from the others, and are there for the indexes. */
const DERIVED = ['status', 'createdOrder', 'startOrder', 'endOrder', 'depositedOrder'] as const

/** What a stream consists of. */
export type StreamValues = Omit<StreamRow, (typeof DERIVED)[number]>

/** Selects rows as `StreamRow`. */
export const SELECT_STREAMS = `select ${columnsWithout([])} from streams`

/** The columns of `StreamValues`: a reader needs no others, and long texts cost time. */
export const STREAM_VALUES = columnsWithout(DERIVED)
export const SELECT_STREAM_VALUES = `select ${STREAM_VALUES} from streams`

function columnsWithout(keys: readonly string[]): string {
  return Object.entries(STREAM_COLUMNS)
    .filter(([key]) => !keys.includes(key))
    .map(([key, name]) => `${name} as ${key}`)
    .join(', ')
}

const U64_DIGITS = 20
const I128_DIGITS = 39

/** Sorts after every end time: the stream never runs dry, or has already ended. */
const NO_END = '9'.repeat(U64_DIGITS)

/** A u64 as text that sorts like the number. */
export function u64Order(value: bigint): string {
  return value.toString().padStart(U64_DIGITS, '0')
}

/** An i128 as text that sorts like the number; negative numbers too. */
export function i128Order(value: bigint): string {
  return (value - I128_MIN).toString().padStart(I128_DIGITS, '0')
}

export function toRow(stream: Stream): StreamRow {
  const end = jsonTime(endTime(stream))
  return {
    streamId: stream.streamId.toString(),
    sender: stream.sender,
    recipient: stream.recipient,
    tokenAddress: stream.tokenAddress,
    ratePerSecond: stream.ratePerSecond.toString(),
    depositedAmount: stream.depositedAmount.toString(),
    withdrawnAmount: stream.withdrawnAmount.toString(),
    startTime: stream.startTime.toString(),
    lastUpdateTime: stream.lastUpdateTime.toString(),
    isActive: Number(stream.isActive),
    paused: Number(stream.paused),
    pausedAt: stream.pausedAt === null ? null : stream.pausedAt.toString(),
    chainStatus: stream.status,
    ended: stream.ended,
    endedAt: stream.endedAt,
    createdLedger: stream.createdLedger,
    updatedLedger: stream.updatedLedger,
    lastEventId: stream.lastEventId,
    origin: stream.origin,
    liveUntilLedger: stream.liveUntilLedger,
    status: statusOf(stream),
    createdOrder: u64Order(stream.streamId),
    startOrder: u64Order(stream.startTime),
    endOrder: end === null ? NO_END : u64Order(BigInt(end)),
    depositedOrder: i128Order(stream.depositedAmount),
  }
}

export function fromRow(row: StreamValues): Stream {
  return {
    streamId: BigInt(row.streamId),
    sender: row.sender,
    recipient: row.recipient,
    tokenAddress: row.tokenAddress,
    ratePerSecond: BigInt(row.ratePerSecond),
    depositedAmount: BigInt(row.depositedAmount),
    withdrawnAmount: BigInt(row.withdrawnAmount),
    startTime: BigInt(row.startTime),
    lastUpdateTime: BigInt(row.lastUpdateTime),
    isActive: row.isActive === 1,
    paused: row.paused === 1,
    pausedAt: row.pausedAt === null ? null : BigInt(row.pausedAt),
    status: row.chainStatus,
    ended: row.ended,
    endedAt: row.endedAt,
    createdLedger: row.createdLedger,
    updatedLedger: row.updatedLedger,
    lastEventId: row.lastEventId,
    origin: row.origin,
    liveUntilLedger: row.liveUntilLedger,
  }
}
