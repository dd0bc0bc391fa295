import type {
  ProtocolEventFields,
  ProtocolEventType,
  StreamEventFields,
  StreamEventType,
} from '../domain/event.ts'

/** Soroban types that the contract's event fields have. */
export type FieldType = 'address' | 'i128' | 'u64' | 'u32'

export interface FieldSpec {
  /** Our name of the field. */
  name: string
  type: FieldType
  optional: boolean
}

type Wire = readonly [name: string, type: FieldType, optional?: 'optional']

type Row<F> = { symbol: string; fields: { [K in keyof Required<F>]: Wire } }

type EventTable = {
  [T in StreamEventType]: Row<StreamEventFields[T]>
} & {
  [T in ProtocolEventType]: Row<ProtocolEventFields[T]>
}

/**
 * The contract's events: topic symbol, and each data field's name and type on the wire. Every
 * stream event has the topics `[symbol, u64 stream_id]` and repeats `stream_id` in its data.
 */
const TABLE: EventTable = {
  'stream.created': {
    symbol: 'stream_created',
    fields: {
      sender: ['sender', 'address'],
      recipient: ['recipient', 'address'],
      ratePerSecond: ['rate_per_second', 'i128'],
      tokenAddress: ['token_address', 'address'],
      depositedAmount: ['deposited_amount', 'i128'],
      startTime: ['start_time', 'u64'],
    },
  },
  'stream.topped_up': {
    symbol: 'stream_topped_up',
    fields: {
      sender: ['sender', 'address'],
      amount: ['amount', 'i128'],
      newDepositedAmount: ['new_deposited_amount', 'i128'],
      newEndTime: ['new_end_time', 'u64', 'optional'],
    },
  },
  'stream.withdrawn': {
    symbol: 'tokens_withdrawn',
    fields: {
      recipient: ['recipient', 'address'],
      amount: ['amount', 'i128'],
      withdrawnAt: ['timestamp', 'u64'],
    },
  },
  'stream.cancelled': {
    symbol: 'stream_cancelled',
    fields: {
      sender: ['sender', 'address'],
      recipient: ['recipient', 'address'],
      amountWithdrawn: ['amount_withdrawn', 'i128'],
      refundedAmount: ['refunded_amount', 'i128'],
    },
  },
  'stream.completed': {
    symbol: 'stream_completed',
    fields: {
      recipient: ['recipient', 'address'],
      totalWithdrawn: ['total_withdrawn', 'i128'],
    },
  },
  'stream.paused': {
    symbol: 'stream_paused',
    fields: { sender: ['sender', 'address'], pausedAt: ['paused_at', 'u64'] },
  },
  'stream.resumed': {
    symbol: 'stream_resumed',
    fields: { sender: ['sender', 'address'], newEndTime: ['new_end_time', 'u64'] },
  },
  'stream.fee_collected': {
    symbol: 'fee_collected',
    fields: {
      treasury: ['treasury', 'address'],
      feeAmount: ['fee_amount', 'i128'],
      token: ['token', 'address'],
    },
  },
  'protocol.initialized': {
    symbol: 'initialized',
    fields: {
      admin: ['admin', 'address'],
      treasury: ['treasury', 'address'],
      feeRateBps: ['fee_rate_bps', 'u32'],
    },
  },
  'protocol.fee_config_updated': {
    symbol: 'fee_config_updated',
    fields: {
      admin: ['admin', 'address'],
      oldTreasury: ['old_treasury', 'address'],
      newTreasury: ['new_treasury', 'address'],
      oldFeeRateBps: ['old_fee_rate_bps', 'u32'],
      newFeeRateBps: ['new_fee_rate_bps', 'u32'],
    },
  },
  'protocol.admin_transferred': {
    symbol: 'admin_transferred',
    fields: {
      previousAdmin: ['previous_admin', 'address'],
      newAdmin: ['new_admin', 'address'],
    },
  },
}

export interface EventSpec {
  type: StreamEventType | ProtocolEventType
  ofStream: boolean
  /** By name on the wire. */
  fields: ReadonlyMap<string, FieldSpec>
  required: number
}

/** The table above, by topic symbol. */
export function createEventSpecs(): ReadonlyMap<string, EventSpec> {
  const rows = Object.entries(TABLE) as [EventSpec['type'], Row<Record<string, unknown>>][]
  return new Map(
    rows.map(([type, { symbol, fields }]) => {
      const wires = Object.entries(fields)
      const spec: EventSpec = {
        type,
        ofStream: type.startsWith('stream.'),
        fields: new Map(
          wires.map(([name, [wireName, fieldType, optional]]) => [
            wireName,
            { name, type: fieldType, optional: optional !== undefined },
          ]),
        ),
        required: wires.filter(([, [, , optional]]) => optional === undefined).length,
      }
      return [symbol, spec]
    }),
  )
}
