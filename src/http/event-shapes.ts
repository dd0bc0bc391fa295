import { z } from '@hono/zod-openapi'
import type {
  ProtocolEventFields,
  ProtocolEventType,
  StreamEventFields,
  StreamEventType,
} from '../domain/event.ts'
import { Amount, CursorText, Id, Time } from './json.ts'

/** The events as answers and frames contain them: one flat object, whose fields depend on its type. */

const Address = z.string().openapi({ description: 'G… or C…' })
const LongTime = Time.nullable().openapi({ description: 'Unix seconds; null beyond 2^53−1' })
const FeeRate = z.number().int().openapi({ description: 'hundredths of a percent' })

/** These are fields of every event. */
type Common = 'sender' | 'recipient' | 'withdrawnAt'
type Shape<F> = { [K in Exclude<keyof F, Common>]-?: z.ZodType }

const STREAM_FIELDS = {
  'stream.created': {
    ratePerSecond: Amount,
    tokenAddress: Address,
    depositedAmount: Amount,
    startTime: LongTime,
  },
  'stream.topped_up': {
    amount: Amount,
    newDepositedAmount: Amount,
    newEndTime: LongTime.optional(),
  },
  'stream.withdrawn': { amount: Amount },
  'stream.cancelled': { amountWithdrawn: Amount, refundedAmount: Amount },
  'stream.completed': { totalWithdrawn: Amount },
  'stream.paused': { pausedAt: LongTime },
  'stream.resumed': { newEndTime: LongTime },
  'stream.fee_collected': { treasury: Address, feeAmount: Amount, token: Address },
} satisfies { [T in StreamEventType]: Shape<StreamEventFields[T]> }

const PROTOCOL_FIELDS = {
  'protocol.initialized': { admin: Address, treasury: Address, feeRateBps: FeeRate },
  'protocol.fee_config_updated': {
    admin: Address,
    oldTreasury: Address,
    newTreasury: Address,
    oldFeeRateBps: FeeRate,
    newFeeRateBps: FeeRate,
  },
  'protocol.admin_transferred': { previousAdmin: Address, newAdmin: Address },
} satisfies { [T in ProtocolEventType]: Shape<ProtocolEventFields[T]> }

const UNRECOGNISED_FIELDS = {
  reason: z.string().openapi({ description: 'what could not be read' }),
  topics: z.array(z.string()).openapi({ description: 'XDR, base64' }),
  value: z.string().openapi({ description: 'XDR, base64' }),
}

/** `stream.topped_up` is `StreamToppedUpEvent` in the OpenAPI document. */
function nameOf(type: string): string {
  const words = type.split(/[._]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  return `${words.join('')}Event`
}

/** What every event has; only those of the whole contract have no stream. */
function commonFields(type: string) {
  return {
    id: CursorText,
    type: z.literal(type),
    ...(type.startsWith('stream.') && { streamId: Id }),
    contractId: z.string(),
    ledger: z.number().int(),
    timestamp: Time.openapi({ description: 'close time of the ledger, Unix seconds' }),
    transactionHash: z.string().openapi({ description: '64 hex digits' }),
    sender: z.string().nullable().openapi({ description: 'who pays the stream' }),
    recipient: z.string().nullable().openapi({ description: 'who is paid by the stream' }),
  }
}

function eventOf(type: string, fields: z.ZodRawShape) {
  return z.strictObject({ ...commonFields(type), ...fields }).openapi(nameOf(type))
}

const FIELDS: Record<string, z.ZodRawShape> = {
  ...STREAM_FIELDS,
  ...PROTOCOL_FIELDS,
  unrecognised: UNRECOGNISED_FIELDS,
}
const [first, ...others] = Object.entries(FIELDS).map(([type, fields]) => eventOf(type, fields))

export const EventJson = z
  .discriminatedUnion('type', [first as NonNullable<typeof first>, ...others])
  .openapi('Event', { description: 'One event as a flat object' })

/** The fields of all types: first those that every type has, then the others by name. */
export const EVENT_FIELDS: readonly string[] = [
  ...Object.keys(commonFields('stream.created')),
  ...[...new Set(Object.values(FIELDS).flatMap((fields) => Object.keys(fields)))].sort(),
]
