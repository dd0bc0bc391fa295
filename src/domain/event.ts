/**
 * One event of the contract, read from its XDR. `id` is the RPC's event id and the position right
 * after the event; amounts are bigint in the token's smallest unit, times are Unix seconds.
 */
export interface EventBase {
  id: string
  contractId: string
  ledger: number
  /** Close time of the ledger, Unix seconds: the `now` that the contract saw. */
  timestamp: number
  transactionHash: string
}

/** What each event of a stream carries besides the stream's id. */
export interface StreamEventFields {
  'stream.created': {
    sender: string
    recipient: string
    ratePerSecond: bigint
    tokenAddress: string
    depositedAmount: bigint
    startTime: bigint
  }
  /** `newEndTime` is absent in contracts deployed before 2026-07-29. */
  'stream.topped_up': {
    sender: string
    amount: bigint
    newDepositedAmount: bigint
    newEndTime?: bigint
  }
  'stream.withdrawn': { recipient: string; amount: bigint; withdrawnAt: bigint }
  'stream.cancelled': {
    sender: string
    recipient: string
    amountWithdrawn: bigint
    refundedAmount: bigint
  }
  'stream.completed': { recipient: string; totalWithdrawn: bigint }
  'stream.paused': { sender: string; pausedAt: bigint }
  'stream.resumed': { sender: string; newEndTime: bigint }
  'stream.fee_collected': { treasury: string; feeAmount: bigint; token: string }
}

/** What each event of the whole contract carries. */
export interface ProtocolEventFields {
  'protocol.initialized': { admin: string; treasury: string; feeRateBps: number }
  'protocol.fee_config_updated': {
    admin: string
    oldTreasury: string
    newTreasury: string
    oldFeeRateBps: number
    newFeeRateBps: number
  }
  'protocol.admin_transferred': { previousAdmin: string; newAdmin: string }
}

export type StreamEventType = keyof StreamEventFields
export type ProtocolEventType = keyof ProtocolEventFields
export type EventType = StreamEventType | ProtocolEventType | 'unrecognised'

export type StreamEvent = {
  [T in StreamEventType]: EventBase & { type: T; streamId: bigint; fields: StreamEventFields[T] }
}[StreamEventType]

export type ProtocolEvent = {
  [T in ProtocolEventType]: EventBase & { type: T; fields: ProtocolEventFields[T] }
}[ProtocolEventType]

/** An event that could not be read; its base64 XDR stays with it. */
export interface UnrecognisedEvent extends EventBase {
  type: 'unrecognised'
  reason: string
  topics: readonly string[]
  value: string
}

export type ContractEvent = StreamEvent | ProtocolEvent | UnrecognisedEvent

/** Every feed type, in the order in which they are documented. */
export const EVENT_TYPES = [
  'stream.created',
  'stream.topped_up',
  'stream.withdrawn',
  'stream.cancelled',
  'stream.completed',
  'stream.paused',
  'stream.resumed',
  'stream.fee_collected',
  'protocol.initialized',
  'protocol.fee_config_updated',
  'protocol.admin_transferred',
  'unrecognised',
] as const satisfies readonly EventType[]

/** An event as a source returns it: base64 XDR, nothing decoded. */
export interface RawEvent {
  id: string
  /** `contract` or `system`. */
  type: string
  contractId: string
  ledger: number
  /** Unix seconds. */
  timestamp: number
  transactionHash: string
  topics: readonly string[]
  value: string
}

/** Reads a raw event. An event that cannot be read becomes `unrecognised`; it never throws. */
export type Decode = (raw: RawEvent) => ContractEvent
