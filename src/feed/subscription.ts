import type { Socket } from 'node:net'
import { ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import { EVENT_TYPES } from '../domain/event.ts'
import type { EventFilter } from '../domain/filter.ts'
import type { GoodbyeReason, ResetReason } from './control-frames.ts'
import type { Dialect } from './dialect.ts'
import type { Bytes } from './frame.ts'

/** What became of the position that a client came back with; `none` if it came without one. */
export type Resumed = 'none' | 'exact' | ResetReason

/**
 * - `replaying` reads its own pages of the log
 * - `live` is at the head and shares the bytes made for all
 * - `ahead` waits for the log to reach its position
 * - `stalled` has a full socket, and costs only what the socket holds
 * - `closed` is sent nothing any more
 */
export type Mode = 'replaying' | 'live' | 'ahead' | 'stalled' | 'closed'

/**
 * One open SSE response: a cursor over the log. There can be ten thousand of them, so they share
 * what they can and hold no closures. What changes with each delivery is a small number, because
 * references that change in ten thousand old objects are work for the garbage collector.
 */
export interface Subscription {
  readonly clientId: string
  /** Unix seconds. */
  readonly openedAt: number
  readonly socket: Socket
  /** False for HTTP/1.0, which knows no chunks. */
  readonly chunked: boolean
  readonly group: Group
  /** The holder: the client that it counts for. */
  readonly address: string
  readonly user: string | undefined
  /** A tick of the feed's clock. */
  readonly expiresAt: number
  /** Why it ends then. */
  readonly endsFor: GoodbyeReason
  mode: Mode
  /** Everything that matches up to here has been written. Not kept up to date while live. */
  cursor: Cursor
  /** The last id the client was given; while live, the group's can be later. */
  sent: Cursor
  /** The index among the live subscriptions of its group, or NOT_LIVE. */
  slot: number
  /** The last round that it was given, or in which it went live. */
  round: number
  /** A tick of the feed's clock. */
  writtenAt: number
  /** The tick at which the heartbeat checks it next. */
  lookAt: number
  /** The `caught_up` frame has been sent. */
  caughtUp: boolean
  /** It started before anything was indexed, so its position cannot be too old. */
  fromOrigin: boolean
  /** Something before its position has changed: its client must get a reset. */
  missed: boolean
  /** It counts towards the limit of replaying subscriptions, until it has caught up. */
  countsAsReplaying: boolean
  resumed: Resumed
}

export const NOT_LIVE = -1

export function createSubscription(
  fields: Pick<
    Subscription,
    | 'clientId'
    | 'openedAt'
    | 'socket'
    | 'chunked'
    | 'group'
    | 'address'
    | 'user'
    | 'expiresAt'
    | 'endsFor'
    | 'fromOrigin'
    | 'missed'
    | 'countsAsReplaying'
    | 'resumed'
  > & { start: Cursor; tick: number },
): Subscription {
  const { clientId, openedAt, socket, chunked, group, address, user, expiresAt } = fields
  const { endsFor, start, tick, fromOrigin, missed, countsAsReplaying, resumed } = fields
  return {
    clientId,
    openedAt,
    socket,
    chunked,
    group,
    address,
    user,
    expiresAt,
    endsFor,
    mode: 'replaying',
    cursor: start,
    sent: start,
    slot: NOT_LIVE,
    round: 0,
    writtenAt: tick,
    lookAt: 0,
    caughtUp: false,
    fromOrigin,
    missed,
    countsAsReplaying,
    resumed,
  }
}

/** Must be asked again after each write, because the write can have filled the socket. */
export function isReplaying(sub: Subscription): boolean {
  return sub.mode === 'replaying'
}

/**
 * The subscriptions with the same filter and dialect: matches are found, and encoded, once for all of
 * them.
 */
export interface Group {
  readonly key: string
  readonly filter: EventFilter
  readonly types: ReadonlySet<string> | undefined
  /** Undefined: our own. */
  readonly dialect: Dialect | undefined
  /** The live ones, in no order. */
  live: Subscription[]
  /** How many there are, in any mode. */
  size: number
  /** What matches in the page that is being encoded. */
  due: Bytes[]
  /** The last event that the live ones were given. */
  sent: Cursor
  /** The number of the last event that found this group, so that an event finds it only once. */
  matched: number
}

/** Shared by all groups that have nothing: it must stay empty. */
const NONE: never[] = []

export function createGroup(
  key: string,
  { filter, dialect }: { filter: EventFilter; dialect: Dialect | undefined },
): Group {
  const { streams, users, types } = filter
  return {
    key,
    filter: {
      ...filter,
      streams: compact(streams),
      users: compact(users),
      types: types && compact(types),
    },
    types: types && new Set(types),
    dialect,
    live: NONE,
    size: 0,
    due: NONE,
    sent: ORIGIN,
    matched: 0,
  }
}

/** A copy without spare capacity, which an array that grew value by value has. */
function compact(values: readonly string[]): readonly string[] {
  return values.length === 0 ? NONE : values.slice()
}

/** The names of all events that a filter can match. */
export function typesOf({ streams, users, types }: EventFilter): readonly string[] {
  const isEveryStream = streams.length + users.length === 0
  const possible: readonly string[] = isEveryStream
    ? EVENT_TYPES
    : EVENT_TYPES.filter((type) => type.startsWith('stream.'))
  return types === undefined ? possible : possible.filter((type) => types.includes(type))
}
