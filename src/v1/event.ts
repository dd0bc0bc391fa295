import { z } from '@hono/zod-openapi'
import type { Decode, EventType } from '../domain/event.ts'
import type { Log, LogEntry } from '../store/read/log.ts'
import { iso, numberOrText } from './numbers.ts'

/** Events as FlowFi's backend shows them, in lists and in its feed. */

/** Our type, FlowFi's name of it, and the name of its frame. */
const NAMES = [
  ['stream.created', 'CREATED', 'stream.created'],
  ['stream.topped_up', 'TOPPED_UP', 'stream.topped_up'],
  ['stream.withdrawn', 'WITHDRAWN', 'stream.withdrawn'],
  ['stream.cancelled', 'CANCELLED', 'stream.cancelled'],
  ['stream.completed', 'COMPLETED', 'stream.completed'],
  ['stream.paused', 'PAUSED', 'stream.paused'],
  ['stream.resumed', 'RESUMED', 'stream.resumed'],
  ['stream.fee_collected', 'FEE_COLLECTED', 'stream.fee_collected'],
  ['protocol.fee_config_updated', 'FEE_CONFIG_UPDATED', 'stream.fee_config_updated'],
  ['protocol.admin_transferred', 'ADMIN_TRANSFERRED', 'stream.admin_transferred'],
] as const satisfies readonly (readonly [EventType, string, string])[]

export type V1Type = (typeof NAMES)[number][0]

export const V1_TYPES: readonly V1Type[] = NAMES.map(([type]) => type)
export const EVENT_NAMES = NAMES.map(([, name]) => name)
export const FRAME_NAMES = NAMES.map(([, , frame]) => frame)

const nameByType = new Map<string, string>(NAMES.map(([type, name]) => [type, name]))
const typeByName = new Map<string, V1Type>(NAMES.map(([type, name]) => [name, type]))
const frameByType = new Map<string, string>(NAMES.map(([type, , frame]) => [type, frame]))

/** `PAUSED` is `stream.paused`; undefined if there is no such name. */
export function typeNamed(name: string): V1Type | undefined {
  return typeByName.get(name)
}

export function frameName(type: string): string {
  return frameByType.get(type) ?? type
}

const Sec = z.union([z.number().int(), z.string()]).openapi({ description: 'Unix seconds' })
export const V1Id = z.union([z.number().int(), z.string()]).openapi({
  description: 'a number up to 2^53−1, else a decimal string',
})

export const V1Event = z
  .object({
    id: z.string(),
    streamId: V1Id,
    eventType: z.enum(EVENT_NAMES),
    amount: z.string().nullable(),
    transactionHash: z.string(),
    ledgerSequence: z.number().int(),
    timestamp: Sec,
    metadata: z.string().nullable().openapi({ description: 'JSON text' }),
    createdAt: z.string().openapi({ format: 'date-time' }),
  })
  .openapi('V1Event')

/** An event of the log with its public fields, parsed, and all times exact. */
export interface Logged {
  id: string
  type: V1Type
  /** '0' for events of the whole contract. */
  streamId: string
  ledger: number
  timestamp: number
  transactionHash: string
  sender: string
  recipient: string
  /** Any other field that is text or a number. */
  field(name: string): string
  time(name: string): bigint
}

export type ReadEvent = (entry: LogEntry) => Logged

/**
 * Reads events of the log. Our JSON has null for a time beyond 2^53−1, so such a time is decoded
 * from the stored event.
 */
export function createReadEvent(log: Log, decode: Decode): ReadEvent {
  function stored(id: string, name: string): bigint {
    const raw = log.original(id)
    const event = raw && decode(raw)
    const fields = event !== undefined && 'fields' in event ? event.fields : {}
    const value: unknown = Object.entries(fields).find(([field]) => field === name)?.[1]
    return typeof value === 'bigint' ? value : 0n
  }

  return ({ id, data }) => {
    const json = JSON.parse(data) as Omit<Logged, 'streamId' | 'field' | 'time'> &
      Record<string, unknown>
    const { type, ledger, timestamp, transactionHash, sender, recipient } = json
    return {
      id,
      type,
      streamId: typeof json['streamId'] === 'string' ? json['streamId'] : '0',
      ledger,
      timestamp,
      transactionHash,
      sender,
      recipient,
      field: (name) => String(json[name]),
      time(name) {
        const value = json[name]
        return typeof value === 'number' ? BigInt(value) : stored(id, name)
      },
    }
  }
}

/** How long a pause was, and all pauses of its stream up to then, in seconds. */
export interface Pause {
  duration: number
  total: number
}

const NO_PAUSE: Pause = { duration: 0, total: 0 }

/** `pauses`: by the id of the event that ended each. */
export function v1Event(
  event: Logged,
  pauses: ReadonlyMap<string, Pause>,
): z.infer<typeof V1Event> {
  const { amount, metadata } = contentOf(event, pauses.get(event.id) ?? NO_PAUSE)
  return {
    id: event.id,
    streamId: numberOrText(BigInt(event.streamId)),
    eventType: nameByType.get(event.type) as (typeof EVENT_NAMES)[number],
    amount,
    transactionHash: event.transactionHash,
    ledgerSequence: event.ledger,
    timestamp: event.timestamp,
    metadata: metadata === null ? null : JSON.stringify(metadata),
    createdAt: iso(event.timestamp),
  }
}

interface Content {
  amount: string | null
  metadata: Record<string, unknown> | null
}

function contentOf({ type, field, time, ...event }: Logged, pause: Pause): Content {
  const { sender, recipient, transactionHash } = event
  const fields = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, field(name)]))
  switch (type) {
    case 'stream.created':
      return {
        amount: field('depositedAmount'),
        metadata: fields('tokenAddress', 'ratePerSecond'),
      }
    case 'stream.topped_up':
      return { amount: field('amount'), metadata: fields('newDepositedAmount') }
    case 'stream.withdrawn':
      return { amount: field('amount'), metadata: { recipient } }
    case 'stream.cancelled':
      return {
        amount: field('refundedAmount'),
        metadata: fields('amountWithdrawn', 'refundedAmount'),
      }
    case 'stream.completed':
      return { amount: field('totalWithdrawn'), metadata: { recipient } }
    case 'stream.paused':
      return { amount: null, metadata: { sender, pausedAt: numberOrText(time('pausedAt')) } }
    case 'stream.resumed': {
      const newEndTime = time('newEndTime').toString()
      const { duration: pausedDuration, total: totalPausedDuration } = pause
      return { amount: null, metadata: { sender, newEndTime, pausedDuration, totalPausedDuration } }
    }
    case 'stream.fee_collected':
      return { amount: field('feeAmount'), metadata: fields('treasury', 'token') }
    case 'protocol.fee_config_updated':
      return {
        amount: null,
        metadata: {
          admin: field('admin'),
          old_treasury: field('oldTreasury'),
          new_treasury: field('newTreasury'),
          old_fee_rate_bps: Number(field('oldFeeRateBps')),
          new_fee_rate_bps: Number(field('newFeeRateBps')),
        },
      }
    case 'protocol.admin_transferred':
      return {
        amount: null,
        metadata: {
          previous_admin: field('previousAdmin'),
          new_admin: field('newAdmin'),
          transactionHash,
        },
      }
  }
}
