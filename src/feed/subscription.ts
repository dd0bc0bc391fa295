import type { Socket } from 'node:net'
import type { Cursor } from '../domain/cursor.ts'
import type { Group } from './groups.ts'

/** What became of the position a client came back with; `none` where it brought no position. */
export type Resumed = 'none' | 'exact' | ResetReason

export type ResetReason = 'expired' | 'ahead' | 'gap'

/**
 * One open SSE response: a cursor over the log. At the head (`live`) it shares the bytes made for
 * all; otherwise it is `replaying` its own pages; a socket that is full makes it `stalled`, which
 * costs what the socket holds and nothing more. There are ten thousand of these: whatever can be
 * shared is, and nothing here is a closure.
 */
export interface Subscription {
  readonly socket: Socket
  /** False for HTTP/1.0, which knows no chunks. */
  readonly chunked: boolean
  /** Those with the same filter. */
  readonly group: Group
  /** Whose places it takes. */
  readonly address: string
  readonly user: string | undefined
  /** Ticks of the feed's clock. */
  readonly expiresAt: number
  mode: 'live' | 'replaying' | 'stalled' | 'closed'
  /** Everything that matches up to here has been written. While live: not before here. */
  cursor: Cursor
  /** The id the client was last given. */
  sent: Cursor
  /** Its place among those of its group that the next page of the log is for; NOT_LIVE: none. */
  slot: number
  /** Ticks of the feed's clock. */
  writtenAt: number
  /** When the feed looks at it next, whether or not anything happens. */
  lookAt: number
  caughtUp: boolean
  /** The position was asked for before anything was indexed, so that nothing can be older. */
  fromOrigin: boolean
  /** Ledgers behind its position were filled in while it stood still: it is to be told. */
  missed: boolean
  /** It counts among those who replay; it does so once, until it has caught up. */
  replayShare: boolean
  resumed: Resumed
}

export const NOT_LIVE = -1

/** Asked anew after each frame: it may have found the socket full. */
export function isReplaying(sub: Subscription): boolean {
  return sub.mode === 'replaying'
}
