import type { EventType } from '../api/shapes.ts'
import type { FeedError } from './errors.ts'
import type { FeedState, Status } from './status.ts'

/** A token, or what returns one; it is asked again when the daemon refuses the token it gave. */
export type Token = string | (() => string | undefined | Promise<string | undefined>)

/** `now`, `earliest`, an event's id, or any other position of a feed or of an answer's `asOf`. */
export type FeedStart = 'now' | 'earliest' | (string & {})

type None = undefined

/** Which events: all, those of some streams or users (either), or those of some types. */
export type FeedFilter<T extends EventType = EventType> =
  | { all: true; streams?: None; users?: None; types?: readonly T[] | None }
  | {
      all?: false | None
      streams: readonly string[]
      users?: readonly string[] | None
      types?: readonly T[] | None
    }
  | {
      all?: false | None
      streams?: readonly string[] | None
      users: readonly string[]
      types?: readonly T[] | None
    }
  | { all?: false | None; streams?: None; users?: None; types: readonly T[] }

export type FeedOptions<T extends EventType = EventType> = FeedFilter<T> & {
  /** The daemon's origin: `https://flowfi.example`. */
  url: string
  /** Default: `now`. */
  from?: FeedStart | undefined
  token?: Token | undefined
  /** Closes the feed. */
  signal?: AbortSignal | undefined
  /** One connection for all tabs of this origin; where there are no tabs, one for each feed. */
  shared?: boolean | undefined
  /** Called after each change of the state, its reason or the time of the next attempt. */
  onState?: ((state: FeedState, status: Status) => void) | undefined
  /** Called with each trouble; the feed goes on by itself unless its state is `failed`. */
  onError?: ((error: FeedError) => void) | undefined
}

/** A longer URL may not pass every proxy. */
const LONGEST_URL = 4_000

export interface Subscribing {
  url: string
  init: { method: string; headers: Record<string, string>; body?: string; cache: 'no-store' }
}

/**
 * The request for the feed from a position. A position from an earlier connection is also sent as
 * EventSource would, so that proxies and logs see it.
 */
export function subscribing(
  { url, all, streams, users, types }: FeedOptions,
  { from, isResumed, token }: { from: string; isResumed: boolean; token: string | undefined },
): Subscribing {
  const path = `${url.replace(/\/+$/, '')}/events/subscribe`
  const lists = Object.entries({
    streams: orNone(streams, users),
    users: orNone(users, streams),
    types,
  }).filter(([, list]) => list !== undefined)
  const asked = { ...(all && { all: 'true' }), cursor: from }
  const headers: Record<string, string> = { Accept: 'text/event-stream' }
  if (isResumed) headers['Last-Event-ID'] = from
  if (token) headers['Authorization'] = `Bearer ${token}`
  const query = new URLSearchParams({
    ...Object.fromEntries(lists.map(([name, list]) => [name, (list ?? []).join(',')])),
    ...asked,
  })
  // Commas and the like need no escape there, and this way a person can read it.
  const long = `${path}?${String(query).replaceAll('%2C', ',')}`
  if (long.length <= LONGEST_URL) {
    return { url: long, init: { method: 'GET', headers, cache: 'no-store' } }
  }
  headers['Content-Type'] = 'application/json'
  const body = JSON.stringify({
    ...Object.fromEntries(lists.map(([name, list]) => [name, (list ?? []).map(String)])),
    ...asked,
  })
  return { url: path, init: { method: 'POST', headers, body, cache: 'no-store' } }
}

/** An empty list beside a full one adds nothing. Alone it is sent, and the daemon refuses it. */
function orNone(list: readonly string[] | None, other: readonly string[] | None) {
  return list?.length === 0 && other !== undefined && other.length > 0 ? undefined : list
}
