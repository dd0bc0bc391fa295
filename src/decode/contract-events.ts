import type {
  ProtocolEventFields,
  ProtocolEventType,
  StreamEventFields,
  StreamEventType,
} from '../domain/event.ts'

/** Soroban types that the fields of the contract's events have. */
export type FieldType = 'address' | 'i128' | 'u64' | 'u32'

export interface FieldSpec {
  /** The name in our events. */
  name: string
  /** What errors call the field. */
  label: string
  type: FieldType
  optional: boolean
}

type ChainField = readonly [name: string, type: FieldType, optional?: 'optional']

type Row<F> = { symbol: string; fields: { [K in keyof Required<F>]: ChainField } }

type EventTable = {
  [T in StreamEventType]: Row<StreamEventFields[T]>
} & {
  [T in ProtocolEventType]: Row<ProtocolEventFields[T]>
}

/**
 * The contract's events: the symbol in the first topic, and the name and type on chain of each data
 * field. Every stream event has the topics `[symbol, u64 stream_id]` and repeats `stream_id` in its
 * data.
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
  /** By name on chain. */
  fields: ReadonlyMap<string, FieldSpec>
  /** How many fields are not optional. */
  required: number
}

export const STREAM_ID = { type: 'u64', label: 'field stream_id' } as const

/** The table above, by the symbol in the first topic. */
export function createEventSpecs(): ReadonlyMap<string, EventSpec> {
  const rows = Object.entries(TABLE) as [EventSpec['type'], Row<Record<string, unknown>>][]
  return new Map(rows.map(([type, { symbol, fields }]) => [symbol, eventSpec(type, fields)]))
}

function eventSpec(type: EventSpec['type'], fields: Record<string, ChainField>): EventSpec {
  const specs = new Map(
    Object.entries(fields).map(([name, field]) => [field[0], fieldSpec(name, field)]),
  )
  return {
    type,
    ofStream: type.startsWith('stream.'),
    fields: specs,
    required: [...specs.values()].filter(({ optional }) => !optional).length,
  }
}

function fieldSpec(name: string, [nameOnChain, type, optional]: ChainField): FieldSpec {
  return { name, label: `field ${nameOnChain}`, type, optional: optional !== undefined }
}
