import type { Refusal } from './admission.ts'
import type { GoodbyeReason } from './control-frames.ts'
import type { Resumed } from './subscription.ts'

/** `client`: the client has gone. `stalled`: its socket took nothing for the stall time-out. */
export type CloseReason = 'client' | 'stalled' | GoodbyeReason

/** Totals since the feed began. */
export interface FeedCounters {
  opened: number
  closed: Record<CloseReason, number>
  refused: Record<Refusal, number>
  /** What became of the positions that clients came back with. */
  resumed: Record<Exclude<Resumed, 'none'>, number>
  /** Events written to live subscriptions. */
  delivered: number
  /** Events written to replaying subscriptions. */
  replayed: number
  /** Pages that replaying subscriptions asked for. */
  pulls: number
  /** How many of these pages had been read before. */
  pulledFromCache: number
  bytes: number
}

export function createCounters(): FeedCounters {
  return {
    opened: 0,
    closed: { client: 0, stalled: 0, max_age: 0, token_expired: 0, closed: 0, shutdown: 0 },
    refused: { full: 0, replaying: 0, address: 0, user: 0, closing: 0 },
    resumed: { exact: 0, expired: 0, ahead: 0, gap: 0 },
    delivered: 0,
    replayed: 0,
    pulls: 0,
    pulledFromCache: 0,
    bytes: 0,
  }
}
