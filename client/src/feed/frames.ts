import type { EventSourceMessage } from 'eventsource-parser'
import type { FeedEvent } from '../api/shapes.ts'
import { FeedError } from './errors.ts'

/** What the daemon sends on a feed, besides heartbeats. */

/** The first frame of each connection. */
export interface Connected {
  clientId: string
  cursor: string
  head: string
  heartbeatSeconds: number
  types: string[]
}
/** Everything before this position has come; live events follow. */
export interface CaughtUp {
  cursor: string
  ledger: number
}
/** The position moved, and nothing matched. */
export interface Moved {
  cursor: string
  ledger: number
}
/** What the application has of streams is not right any more: load it again before the next event. */
export interface Reset {
  reason: 'expired' | 'ahead' | 'gap'
  requested: string
  oldest: string
  head: string
  /** The feed continues after this position. */
  cursor: string
}
/** The daemon ends the connection. */
export interface Goodbye {
  reason: 'shutdown' | 'max_age' | 'token_expired' | 'closed'
}
/** A message of the daemon's operator. */
export interface Announcement {
  message: string
  level: 'info' | 'warning'
  /** RFC 3339. */
  at: string
}

export type Frame =
  | { kind: 'event'; body: FeedEvent }
  | { kind: 'connected'; body: Connected }
  | { kind: 'caught_up'; body: CaughtUp }
  | { kind: 'cursor'; body: Moved }
  | { kind: 'reset'; body: Reset }
  | { kind: 'reconnect'; body: Goodbye }
  | { kind: 'announcement'; body: Announcement }

const EVENT = /^(stream|protocol)\.|^unrecognised$/
const CONTROL = new Set(['caught_up', 'cursor', 'reset', 'reconnect', 'announcement'])

/** Undefined for a frame of a later version of the daemon. Throws if it is damaged. */
export function parseFrame({ event, data, id }: EventSourceMessage): Frame | undefined {
  const body = parseBody(data)
  if (event !== undefined && EVENT.test(event)) {
    // They differ if something between has lost or joined lines.
    if (body['id'] !== id || body['type'] !== event) throw damaged(data)
    return { kind: 'event', body } as unknown as Frame
  }
  if (event === undefined || event === 'message') {
    return body['type'] === 'connected'
      ? ({ kind: 'connected', body } as unknown as Frame)
      : undefined
  }
  if (!CONTROL.has(event)) return undefined
  if (event === 'reset') body['cursor'] = id
  return { kind: event, body } as unknown as Frame
}

function parseBody(data: string): Record<string, unknown> {
  try {
    return JSON.parse(data) as Record<string, unknown>
  } catch {
    throw damaged(data)
  }
}

function damaged(data: string): FeedError {
  return new FeedError('unreadable', `a frame of the feed is damaged: ${data.slice(0, 200)}`)
}
