import type { Socket } from 'node:net'
import { ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import { EVENT_TYPES } from '../domain/event.ts'
import type { EventFilter } from '../domain/filter.ts'
import type { Bytes } from './frame.ts'

/** What became of the position a client came back with; `none` if it brought no position. */
export type Resumed = 'none' | 'exact' | ResetReason

export type ResetReason = 'expired' | 'ahead' | 'gap'

/**
 * - `live` at the head: it shares the bytes made for all
 * - `ahead` waits for the log to reach its position
 * - `replaying` pulls its own pages
 * - `stalled` its socket is full, which costs what the socket holds and nothing more
 * - `closed` nothing is sent any more
 */
export type Mode = 'live' | 'ahead' | 'replaying' | 'stalled' | 'closed'

/**
 * One open SSE response: a cursor over the log. There are ten thousand of these: whatever can be
 * shared is, and nothing here is a closure. What changes with each delivery is a small number,
 * because references that change in ten thousand old objects are work for the garbage collector.
 */
export interface Subscription {
  readonly socket: Socket
  /** False for HTTP/1.0, which knows no chunks. */
  readonly chunked: boolean
  /** The subscriptions with the same filter. */
  readonly group: Group
  /** Whose places it takes. */
  readonly address: string
  readonly user: string | undefined
  /** Ticks of the feed's clock. */
  readonly expiresAt: number
  mode: Mode
  /** Everything that matches up to here has been written. Out of date while live. */
  cursor: Cursor
  /** The id the client was last given; while live its group's may be later. */
  sent: Cursor
  /** Its place among the live ones of its group; NOT_LIVE: none. */
  slot: number
  /** The last round of the live feed that it has been given, or joined during. */
  round: number
  /** Ticks of the feed's clock. */
  writtenAt: number
  /** When the feed looks at it next, whether or not anything happens. */
  lookAt: number
  caughtUp: boolean
  /** The position was asked for before anything was indexed, so that nothing can be older. */
  fromOrigin: boolean
  /** Something before its position has changed: a reset has to tell its client. */
  missed: boolean
  /** It counts among those who replay; it does so once, until it has caught up. */
  replayShare: boolean
  resumed: Resumed
}

export const NOT_LIVE = -1

/** To be asked again after each frame: the frame may have found the socket full. */
export function isReplaying(sub: Subscription): boolean {
  return sub.mode === 'replaying'
}

/** The subscriptions with one filter: what matches is found, and made into bytes, once for all. */
export interface Group {
  readonly key: string
  readonly filter: EventFilter
  readonly types: ReadonlySet<string> | undefined
  /** Those at the head, in no order. */
  live: Subscription[]
  /** How many subscriptions there are, in whatever mode. */
  size: number
  /** What the page of the log that is being encoded has for it. */
  due: Bytes[]
  /** The last event that its live subscriptions were given. */
  sent: Cursor
  /** The last event it was matched with, so that it is found once by an event. */
  matched: number
}

/** Shared by all groups that have nothing: it must stay empty. */
const NONE: never[] = []

export function createGroup(key: string, { streams, users, types }: EventFilter): Group {
  return {
    key,
    // Lists that were grown one by one hold room for more.
    filter: { streams: compact(streams), users: compact(users), types: types && compact(types) },
    types: types && new Set(types),
    live: NONE,
    size: 0,
    due: NONE,
    sent: ORIGIN,
    matched: 0,
  }
}

function compact(values: readonly string[]): readonly string[] {
  return values.length === 0 ? NONE : values.slice()
}

/** The names of all events that a filter may bring. */
export function typesOf({ streams, users, types }: EventFilter): readonly string[] {
  const [all, ofStreams] = [EVENT_TYPES, EVENT_TYPES.filter((type) => type.startsWith('stream.'))]
  const possible: readonly string[] = streams.length + users.length === 0 ? all : ofStreams
  return types === undefined ? possible : possible.filter((type) => types.includes(type))
}
