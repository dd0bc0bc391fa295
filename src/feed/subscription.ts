import type { Socket } from 'node:net'
import type { Cursor } from '../domain/cursor.ts'
import type { EventFilter } from '../store/log.ts'
import type { Bytes } from './frame.ts'
import { concat } from './frame.ts'

/**
 * One open SSE response: a cursor over the log. At the head (`live`) it shares the bytes made for
 * all; otherwise it is `replaying` its own pages; a socket that is full makes it `stalled`, which
 * costs what the socket holds and nothing more.
 */
export interface Subscription {
  readonly clientId: string
  readonly socket: Socket
  /** False for HTTP/1.0, which knows no chunks. */
  readonly chunked: boolean
  readonly filter: EventFilter
  readonly types: ReadonlySet<string> | undefined
  readonly address: string
  mode: 'live' | 'replaying' | 'stalled' | 'closed'
  /** Everything that matches up to here has been written. While live: not before here. */
  cursor: Cursor
  /** The id the client was last given. */
  sent: Cursor
  caughtUp: boolean
  /** The position was asked for before anything was indexed, so that nothing can be older. */
  fromOrigin: boolean
  /** Milliseconds of the feed's clock. */
  writtenAt: number
  readonly expiresAt: number
  /** Ledgers behind its position were filled in while it stood still: it is to be told. */
  missed: boolean
  /** What the current commit has for it; emptied at the end of the commit. */
  due: Bytes[]
}

/** Asked anew after each frame: it may have found the socket full. */
export function isReplaying(sub: Subscription): boolean {
  return sub.mode === 'replaying'
}

/** Writes; false when the socket is full now, in which case the bytes are its to keep. */
export function write(sub: Subscription, parts: readonly Bytes[], now: number): boolean {
  sub.writtenAt = now
  return sub.socket.write(concat(parts, sub.chunked))
}
