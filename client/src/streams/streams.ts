import type { Stream } from '../api/shapes.ts'
import type { FeedError, FeedReason } from '../feed/errors.ts'
import { createFeed } from '../feed/feed.ts'
import type { Feed, FeedState, FeedStatus } from '../feed/feed.ts'
import { guarded } from '../feed/listeners.ts'
import type { FeedOptions } from '../feed/options.ts'
import { createAsking } from './ask.ts'
import { createBook } from './book.ts'
import { createChainTime } from './chain-time.ts'
import { CHANGES } from './from-json.ts'
import { createReady } from './ready.ts'
import { readSnapshot } from './snapshot.ts'
import type { StreamsFilter } from './snapshot.ts'
import { createSubscribers } from './subscribers.ts'

/**
 * Streams as they are now: a snapshot, and then the feed, folded with the daemon's own fold.
 *
 * - snapshot.ts    all pages of a filter; ask.ts gets one, however often it must ask
 * - book.ts        the streams, and how an event changes them
 * - from-json.ts   what the daemon sends, as its fold wants it
 * - chain-time.ts  the time on the chain
 * - subscribers.ts who hears of changes; ready.ts: that the first snapshot is there
 */

export type StreamsOptions = StreamsFilter &
  Pick<FeedOptions, 'url' | 'token' | 'signal' | 'shared' | 'onState' | 'onError'>

export interface Streams {
  /** Settles when the snapshot has been loaded. Rejects if it never will be. */
  readonly ready: Promise<void>
  readonly state: FeedState
  /** Why there is no connection, while the state is `reconnecting` or `failed`. */
  readonly reason: FeedReason | undefined
  /** Milliseconds since 1970, while the state is `reconnecting`. */
  readonly nextAttemptAt: number | undefined
  readonly error: FeedError | undefined
  /** The streams are complete through this position. */
  readonly cursor: string | undefined
  get(id: string): Stream | undefined
  /** By id. The same array until something has changed. */
  all(): readonly Stream[]
  /**
   * What the recipient could withdraw at a time, in Unix seconds; default: now, by the chain's
   * time. Undefined if there is no such stream.
   */
  claimable(id: string, at?: number): string | undefined
  /** Calls the listener after changes of streams or of the state. Returns how to stop. */
  subscribe(listener: () => void): () => void
  /** Does not wait for the next attempt. */
  reconnectNow(): void
  close(): void
}

type ChangesFeed = Feed<(typeof CHANGES)[number]>

export function createStreams(options: StreamsOptions): Streams {
  const { url, token, signal, shared, onState, onError, ...filter } = options
  const closing = new AbortController()
  const book = createBook()
  const time = createChainTime()
  const subscribers = createSubscribers()
  const asking = createAsking({ url, token, trouble }, closing.signal)
  let feed: ChangesFeed | undefined
  let status: FeedStatus = { state: 'connecting' }
  let cursor: string | undefined
  /** While it runs, what is known is not complete. */
  let loading: Promise<void> | undefined
  /** The daemon has said that streams changed while they were being loaded. */
  let isStale = false
  const ready = createReady()

  function change(to: FeedStatus): void {
    if (status.state === 'closed') return
    const { state, reason, nextAttemptAt } = status
    status = to
    subscribers.changed()
    if (to.state === state && to.reason === reason && to.nextAttemptAt === nextAttemptAt) return
    guarded(() => onState?.(to.state, to))
  }

  function trouble({ error, nextAttemptAt }: { error: FeedError; nextAttemptAt: number }): void {
    guarded(() => onError?.(error))
    change({ state: 'reconnecting', reason: error.reason, error, nextAttemptAt })
  }

  /** Until the streams are loaded, a feed that is live is not enough. */
  function shown(to: FeedStatus): FeedStatus {
    return to.state === 'live' && loading !== undefined ? { state: 'catching_up' } : to
  }

  async function load(): Promise<void> {
    do {
      isStale = false
      const snapshot = await readSnapshot(filter, { ask: asking.ask, after: feed?.cursor })
      book.load(snapshot)
      time.heard(snapshot.closedAt)
      cursor = snapshot.cursor
    } while (isStale)
    loading = undefined
    if (feed !== undefined) change(statusOf(feed))
    subscribers.changed()
  }

  function reload(): Promise<void> {
    isStale = true
    return (loading ??= load())
  }

  async function run(): Promise<void> {
    await reload()
    ready.resolve()
    const from = cursor ?? 'earliest'
    const current: ChangesFeed = createFeed({
      ...filter,
      types: CHANGES,
      url,
      token,
      shared,
      from,
      onError,
      signal: closing.signal,
      onState: (_, to) => current === feed && to.state !== 'failed' && change(shown(to)),
    })
    feed = current
    current.on('reset', () => {
      reload().catch(fail)
      change(shown(statusOf(current)))
    })
    current.on('caught_up', moved)
    current.on('cursor', moved)
    await follow(current)
  }

  /** Nothing goes on by itself any more, but `reconnectNow` begins again. */
  function fail(error: FeedError): void {
    if (closing.signal.aborted) return
    feed?.close()
    feed = undefined
    loading = undefined
    change({ state: 'failed', reason: error.reason, error })
    ready.reject(error)
  }

  async function follow(events: ChangesFeed): Promise<void> {
    for await (const event of events) {
      // Meanwhile the feed waits, and soon its socket is not read.
      if (loading !== undefined) await loading
      if (book.apply(event)) subscribers.changed()
      time.heard(event.timestamp)
      moved({ cursor: event.id })
    }
  }

  function moved({ cursor: to }: { cursor: string }): void {
    if (loading === undefined && (cursor === undefined || to > cursor)) cursor = to
  }

  function close(): void {
    if (status.state === 'closed') return
    change({ state: 'closed' })
    ready.reject(new Error('closed before the streams were loaded'))
    signal?.removeEventListener('abort', close)
    closing.abort()
    subscribers.close()
  }

  if (signal?.aborted === true) close()
  else {
    signal?.addEventListener('abort', close)
    run().catch(fail)
  }

  return {
    ready: ready.promise,
    get state() {
      return status.state
    },
    get reason() {
      return status.reason
    },
    get nextAttemptAt() {
      return status.nextAttemptAt
    },
    get error() {
      return status.error
    },
    get cursor() {
      return cursor
    },
    get: book.get,
    all: book.all,
    claimable: (id, at = time.now()) => book.claimable(id, BigInt(Math.floor(at))),
    subscribe: subscribers.add,
    reconnectNow() {
      if (status.state === 'failed') {
        change({ state: 'connecting' })
        run().catch(fail)
        return
      }
      asking.now()
      feed?.reconnectNow()
    },
    close,
  }
}

function statusOf({ state, reason, nextAttemptAt, error }: ChangesFeed): FeedStatus {
  return {
    state,
    ...(reason && { reason }),
    ...(nextAttemptAt !== undefined && { nextAttemptAt }),
    error,
  }
}
