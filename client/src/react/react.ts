'use client'

import { useId } from 'react'
import type { EventOf, EventType, Stream } from '../api/shapes.ts'
import type { FeedError, FeedReason } from '../feed/errors.ts'
import type { FeedState } from '../feed/feed.ts'
import type { FeedFilter, FeedOptions } from '../feed/options.ts'
import type { Streams, StreamsOptions } from '../streams/streams.ts'
import type { StreamsFilter } from '../streams/snapshot.ts'
import { useSelected, useStore } from './connection.ts'
import type { Held } from './connection.ts'
import { createLeases } from './leases.ts'
import { openFeed, openStreams } from './stores.ts'
import type { FeedStore, FeedStoreOptions } from './stores.ts'

/**
 * `flowfi-client/react`: hooks for React 18 and later.
 *
 * - connection.ts  a component's connection, for as long as its options have the same value
 * - stores.ts      what a connection brings, as a component reads it
 * - leases.ts      connections that components share
 */

/** What all hooks say about the connection. */
export interface Connected {
  state: FeedState
  /** What went wrong last, until the connection stands again. */
  error: FeedError | undefined
  /** Why there is no connection, while the state is `reconnecting` or `failed`. */
  reason: FeedReason | undefined
  /** Milliseconds since 1970, while the state is `reconnecting`. */
  nextAttemptAt: number | undefined
}

export type UseFeedOptions<T extends EventType = EventType> = FeedFilter<T> &
  Omit<FeedOptions<T>, 'signal' | 'all' | 'streams' | 'users' | 'types'> & {
    /** How many events are kept; default: 100. */
    limit?: number | undefined
    /** Called with each event. */
    onEvent?: ((event: EventOf<T>) => void) | undefined
  }

export interface UsedFeed<T extends EventType = EventType> extends Connected {
  /** The last ones, oldest first. */
  events: readonly EventOf<T>[]
}

export type UseStreamsOptions = StreamsFilter & Pick<StreamsOptions, 'url' | 'token' | 'shared'>

/** Without a filter only this stream is followed. Components with equal options share everything. */
export type UseStreamOptions = Partial<Pick<StreamsFilter, 'all' | 'streams' | 'users'>> &
  Pick<StreamsOptions, 'url' | 'token' | 'shared'>

const DEFAULT_LIMIT = 100
/** The chain's time has whole seconds. */
const SECOND_MS = 1_000

const IDLE: Connected = {
  state: 'connecting',
  error: undefined,
  reason: undefined,
  nextAttemptAt: undefined,
}
const NO_EVENTS: readonly never[] = []
const NO_STREAMS: readonly Stream[] = []

type StoredFeedOptions = FeedOptions & FeedStoreOptions

const FEEDS = { leases: createLeases<Held<FeedStore, StoredFeedOptions>>(), open: openFeed }
const STREAMS = { leases: createLeases<Held<Streams, StreamsOptions>>(), open: openStreams }

function connected({ state, error, reason, nextAttemptAt }: Connected): Connected {
  return { state, error, reason, nextAttemptAt }
}

/** The last events, as they come. */
export function useFeed<T extends EventType = EventType>(options: UseFeedOptions<T>): UsedFeed<T> {
  // Each component has a feed of its own: what it missed before depends on when it began.
  const component = useId()
  const stored = { limit: DEFAULT_LIMIT, ...options, component } as unknown as StoredFeedOptions
  const used = useSelected(useStore(FEEDS, stored), {
    idle: { events: NO_EVENTS, ...IDLE },
    select: ({ feed, events }) => ({ events: events(), ...connected(feed) }),
  })
  return used as unknown as UsedFeed<T>
}

/** The streams of a filter, as they are now. */
export function useStreams(options: UseStreamsOptions): Connected & { streams: readonly Stream[] } {
  return useSelected(useStore(STREAMS, options), {
    idle: { streams: NO_STREAMS, ...IDLE },
    select: (streams) => ({ streams: streams.all(), ...connected(streams) }),
  })
}

/** One stream as it is now; undefined if there is none, or not yet. */
export function useStream(
  id: string,
  options: UseStreamOptions,
): Connected & { stream: Stream | undefined } {
  return useSelected(useStore(STREAMS, filtered(id, options)), {
    idle: { stream: undefined, ...IDLE },
    select: (streams) => ({ stream: streams.get(id), ...connected(streams) }),
  })
}

/** What the recipient of a stream can withdraw, now or `at` a time; read again every second for now. */
export function useClaimable(
  id: string,
  { at, ...options }: UseStreamOptions & { at?: number | undefined },
): Connected & { claimable: string | undefined } {
  return useSelected(useStore(STREAMS, filtered(id, options)), {
    idle: { claimable: undefined, ...IDLE },
    select: (streams) => ({ claimable: streams.claimable(id, at), ...connected(streams) }),
    ...(at === undefined && { tickMs: SECOND_MS }),
  })
}

function filtered(id: string, options: UseStreamOptions): StreamsOptions {
  const { all, streams, users } = options
  const isFiltered = all === true || streams !== undefined || users !== undefined
  return (isFiltered ? options : { ...options, streams: [id] }) as StreamsOptions
}
