import type { Refusal } from './admission.ts'
import type { Resumed } from './subscription.ts'

/** `client`: it went, whichever way. `stalled`: its socket took nothing for the stall time-out. */
export type CloseReason = 'client' | 'stalled' | 'max_age' | 'shutdown'

/** What the feed has done since it began; whoever wants to show it reads it. */
export interface FeedCounters {
  opened: number
  closed: Record<CloseReason, number>
  refused: Record<Refusal, number>
  /** Positions brought along, by what became of them. */
  resumed: Record<Exclude<Resumed, 'none'>, number>
  /** Events written to those who were live, and to those who caught up. */
  delivered: number
  replayed: number
  /** Pages of the log asked for by those who caught up, and how many of them had been read before. */
  pulls: number
  pulledFromCache: number
  bytes: number
}

export function createCounters(): FeedCounters {
  return {
    opened: 0,
    closed: { client: 0, stalled: 0, max_age: 0, shutdown: 0 },
    refused: { full: 0, replaying: 0, address: 0, user: 0, closing: 0 },
    resumed: { exact: 0, expired: 0, ahead: 0, gap: 0 },
    delivered: 0,
    replayed: 0,
    pulls: 0,
    pulledFromCache: 0,
    bytes: 0,
  }
}
