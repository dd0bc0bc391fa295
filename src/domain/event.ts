/**
 * What the program is about, as pure values and functions; and two ways to handle time (clock.ts,
 * slices.ts) that several folders share. This folder imports nothing from other folders, and all of
 * them may import it.
 *
 * - event.ts       the contract's events, raw and decoded
 * - event-json.ts  an event as users get it
 * - stream.ts      a stream, and what can be claimed from it
 * - stream-json.ts  a stream as users get it
 * - fold.ts        how an event changes a stream
 * - derivation.ts  the balance of a stream in words and formulas
 * - token.ts       what a token's contract says about itself
 * - cursor.ts      positions in event order
 * - ledger.ts      ledgers and ranges of them
 * - filter.ts      which events someone wants
 * - upstream.ts    the state of the RPCs and of the audit, as operators see it
 * - node-status.ts  what one machine of several knows about itself
 * - faults.ts      what can go wrong with a source, and how the program reacts
 * - errors.ts      the errors that callers can expect
 * - strkey.ts      addresses as text
 * - public-address.ts  which addresses are somebody's on the internet
 * - integers.ts    the contract's integers
 * - times.ts       times in JSON
 * - clock.ts       the passing of time
 * - places.ts      what several processes share, counted
 * - slices.ts      long work in turns of the event loop
 */

/**
 * The fields of every event. Amounts are bigint in the token's smallest unit, times are Unix
 * seconds.
 */
export interface EventBase {
  /** The RPC's event id, which is also the position after the event. */
  id: string
  contractId: string
  ledger: number
  /** Close time of the ledger, Unix seconds. This was `now` for the contract. */
  timestamp: number
  transactionHash: string
}

/** The fields of each event of a stream, besides the stream's id. */
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

/** The fields of each event of the whole contract. */
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

/** An event that could not be read, with its base64 XDR. */
export interface UnrecognisedEvent extends EventBase {
  type: 'unrecognised'
  reason: string
  topics: readonly string[]
  value: string
}

export type ContractEvent = StreamEvent | ProtocolEvent | UnrecognisedEvent

/** In the order of the documentation. */
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

/** Never throws: an event that cannot be read becomes `unrecognised`. */
export type Decode = (raw: RawEvent) => ContractEvent
