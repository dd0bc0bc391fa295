import type { FeedEvent } from '../api/shapes.ts'
import { createFeed } from '../feed/feed.ts'
import type { Feed } from '../feed/feed.ts'
import type { FeedOptions, Token } from '../feed/options.ts'
import { createStreams } from '../streams/streams.ts'
import type { Streams, StreamsOptions } from '../streams/streams.ts'
import { createSubscribers } from '../streams/subscribers.ts'

/** What the hooks read. */

/** Options of the last render: callbacks and token functions are new in each. */
export interface Latest<O> {
  current: O
}

export interface FeedStore {
  feed: Feed
  /** The last ones, oldest first. The same array until another one comes. */
  events(): readonly FeedEvent[]
  subscribe(listener: () => void): () => void
  close(): void
}

export interface FeedStoreOptions {
  limit: number
  /** Whose feed it is. */
  component: string
  onEvent?: ((event: never) => void) | undefined
}

/** A string is part of what counts by value. A function is asked as it was given last. */
function tokenOf({ current }: Latest<{ token?: Token | undefined }>): Token | undefined {
  return current.token
}

function latestToken(latest: Latest<{ token?: Token | undefined }>): Token | undefined {
  const token = tokenOf(latest)
  if (typeof token !== 'function') return token
  return () => {
    const now = tokenOf(latest)
    return typeof now === 'function' ? now() : now
  }
}

export function openFeed(latest: Latest<FeedOptions & FeedStoreOptions>): FeedStore {
  const subscribers = createSubscribers()
  let events: readonly FeedEvent[] = []
  const { limit: _, onEvent: __, component: ___, ...options } = latest.current
  const feed = createFeed({
    ...options,
    token: latestToken(latest),
    onState(state, status) {
      subscribers.changed()
      latest.current.onState?.(state, status)
    },
    onError: (error) => latest.current.onError?.(error),
  })
  feed.on('event', (event) => {
    const { limit, onEvent } = latest.current
    events = [...events, event].slice(-limit)
    subscribers.changed()
    onEvent?.(event as never)
  })
  return {
    feed,
    events: () => events,
    subscribe: subscribers.add,
    close() {
      feed.close()
      subscribers.close()
    },
  }
}

export function openStreams(latest: Latest<StreamsOptions>): Streams {
  return createStreams({ ...latest.current, token: latestToken(latest) })
}
