import { ledgerOf } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import { block } from './frame.ts'
import type { Announcement } from './operation.ts'

/** The frames that the feed itself has to say; events are in `frame.ts`. */

/**
 * Why a position cannot be used as it is.
 *
 * - `expired` it is before the log's first ledger
 * - `ahead` it is beyond the network's newest ledger
 * - `gap` something before it is missing, or has changed without an event
 */
export const RESET_REASONS = ['expired', 'ahead', 'gap'] as const
export type ResetReason = (typeof RESET_REASONS)[number]

/** Why the feed ends a subscription. */
export const GOODBYE_REASONS = ['shutdown', 'max_age', 'token_expired', 'closed'] as const
export type GoodbyeReason = (typeof GOODBYE_REASONS)[number]

/** The first frame; its id is the start position, so that a client can resume from it. */
export function connectedFrame(fields: {
  retryMs: number
  clientId: string
  requestId: string | undefined
  start: Cursor
  head: Cursor
  heartbeatSeconds: number
  /** The names of all events that can follow. */
  types: readonly string[]
}): string {
  const { retryMs, clientId, requestId, start, head, heartbeatSeconds, types } = fields
  const data = {
    type: 'connected',
    clientId,
    requestId,
    cursor: start,
    head,
    heartbeatSeconds,
    types,
  }
  return block({ retry: retryMs, data, id: start })
}

/** The replay is over. */
export function caughtUpFrame(cursor: Cursor): string {
  return block({ event: 'caught_up', data: { cursor, ledger: ledgerOf(cursor) }, id: cursor })
}

/** The position has moved although no event matched. */
export function cursorFrame(cursor: Cursor): string {
  return block({ event: 'cursor', data: { cursor, ledger: ledgerOf(cursor) }, id: cursor })
}

/** The client must load its snapshot again; the feed continues after `to`. */
export function resetFrame(fields: {
  reason: ResetReason
  requested: Cursor
  oldest: Cursor
  head: Cursor
  to: Cursor
}): string {
  const { reason, requested, oldest, head, to } = fields
  return block({ event: 'reset', data: { reason, requested, oldest, head }, id: to })
}

/** The feed ends this response; it has no id, so that the client keeps its position. */
export function reconnectFrame(retryMs: number, reason: GoodbyeReason): string {
  return block({ retry: retryMs, event: 'reconnect', data: { reason } })
}

/** An operator's message; it has no id, because it does not move the client's position. */
export function announcementFrame({ message, level, at }: Announcement): string {
  return block({ event: 'announcement', data: { message, level, at } })
}
