/** What the daemon answers, as far as the page uses it. Amounts and ids are decimal strings. */
import type { Stream, StreamStatus } from 'flowfi-client'

export type { Stream, StreamStatus }

export interface AsOf {
  cursor: string
  ledger: number
  ledgerClosedAt: string | null
}

export const STREAM_STATUSES: readonly StreamStatus[] = [
  'active',
  'paused',
  'cancelled',
  'completed',
]

/** An event has more fields, which depend on its type. */
export interface StreamEvent {
  id: string
  type: string
  streamId?: string
  contractId: string
  ledger: number
  timestamp: number
  transactionHash: string
  sender: string | null
  recipient: string | null
}

export interface Step {
  eventId: string | null
  ledger: number
  timestamp: number | null
  transactionHash: string | null
  change: string
  deposited: string
  withdrawn: string
  claimable: string
  formula: string
}

export interface Explanation {
  data: { streamId: string; claimableAmount: string; steps: Step[] }
  now: { at: number | null; claimable: string; formula: string }
  nextCursor: string | null
}

export interface List<T> {
  data: T[]
  nextCursor: string | null
  asOf: AsOf | null
}

export interface One<T> {
  data: T
  asOf: AsOf | null
}

interface Point {
  ledger: number
  ledgerClosedAt: string | null
}

export interface Gap {
  from: number
  to: number
  reason: string
  repaired: boolean
}

export interface Endpoint {
  url: string
  state: 'starting' | 'ok' | 'failing' | 'set_aside'
  latestLedger: number | null
  oldestLedger: number | null
  lastError: string | null
}

export interface Status {
  version: string
  contractId: string
  network: string
  checkpoint: (Point & { cursor: string }) | null
  tip: Point | null
  lagLedgers: number | null
  lagSeconds: number | null
  runway: { ledgers: number; hours: number | null } | null
  gaps: Gap[]
  counts: { events: number; streams: number; unrecognised: number }
  alarm: string | null
  endpoints: Endpoint[]
}

export interface Ready {
  ready: boolean
  reasons: string[]
}

export interface Stats {
  activeConnections: number
  maxConnections: number
  live: number
  replaying: number
  stalled: number
  eventsPerSecond: number
}

export interface TokenTotals {
  tokenAddress: string
  streams: number
  active: number
  paused: number
  depositedAmount: string
  withdrawnAmount: string
  lockedAmount: string
  claimableAmount: string
}

export interface Token {
  address: string
  symbol: string | null
  name: string | null
  decimals: number | null
}
