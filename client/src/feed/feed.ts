import type { EventOf, EventType } from '../api/shapes.ts'
import { connect } from './connection.ts'
import { createDelivery } from './delivery.ts'
import type { FeedError, FeedReason } from './errors.ts'
import type { Announcement, CaughtUp, Connected, Frame, Goodbye, Moved, Reset } from './frames.ts'
import { createListeners, guarded } from './listeners.ts'
import type { FeedOptions } from './options.ts'
import { canShare, connectShared } from './shared/shared.ts'
import { isSame } from './status.ts'
import type { FeedState, Status } from './status.ts'

/**
 * Every event that the filter asks for, once and in order, over any number of connections.
 *
 * - options.ts       what an application can ask for, and the request that asks the daemon
 * - connection.ts    one line after the other, until it is closed or refused
 * - line.ts          one connection
 * - frames.ts        what comes over it
 * - position.ts      how far it has come, and what has come before
 * - watchdog.ts      a line that says nothing is dead
 * - backoff.ts       when to try again; sleep.ts waits for it
 * - credentials.ts   the token
 * - surroundings.ts  a browser's network and page
 * - delivery.ts      the queue, the iterator; listeners.ts: who hears what
 * - shared/          one connection for all tabs
 * - status.ts        the states; errors.ts: why there is no connection
 */

/** What a listener hears, by what it listens to. */
export type Heard<T extends EventType = EventType> = {
  [K in T]: EventOf<K>
} & {
  /** An event of any type. */
  event: EventOf<T>
  reset: Reset
  announcement: Announcement
  connected: Connected
  caught_up: CaughtUp
  cursor: Moved
  reconnect: Goodbye
}

export type { FeedState, Status as FeedStatus }

export interface Feed<T extends EventType = EventType> extends AsyncIterable<EventOf<T>> {
  readonly state: FeedState
  /** Why the line was lost, while the state is `reconnecting` or `failed`. */
  readonly reason: FeedReason | undefined
  /** Milliseconds since 1970, while the state is `reconnecting`. */
  readonly nextAttemptAt: number | undefined
  /** What went wrong last, until the feed is connected again. */
  readonly error: FeedError | undefined
  /** The position after everything that you have got: continue with `from: feed.cursor`. */
  readonly cursor: string | undefined
  /** When the last event came, in milliseconds since 1970. */
  readonly lastEventAt: number | undefined
  /** Returns how to stop listening. */
  on<K extends keyof Heard<T>>(type: K, listener: (heard: Heard<T>[K]) => void): () => void
  /** Tries at once, without waiting for the next attempt; also after `failed`. */
  reconnectNow(): void
  close(): void
}

const WORDS = new Set(['now', 'earliest'])

export function createFeed<T extends EventType = EventType>(options: FeedOptions<T>): Feed<T> {
  const { url, from = 'now', signal, onState, onError } = options
  if (typeof url !== 'string') {
    throw new TypeError(`url is the origin of a flowfi-indexer, not ${String(url)}`)
  }
  const listeners = createListeners()
  const delivery = createDelivery({
    start: WORDS.has(from) ? undefined : from,
    deliver: listeners.tell,
    rewind: (cursor) => connection.moveTo(cursor),
  })
  let status: Status = { state: 'connecting' }
  let lastEventAt: number | undefined

  const open = options.shared === true && canShare() ? connectShared : connect
  const connection = open(options, {
    frame: take,
    full: delivery.full,
    status: change,
    error: (error) => guarded(() => onError?.(error)),
  })

  function take(frame: Frame): void {
    if (frame.kind === 'event') lastEventAt = Date.now()
    if (frame.kind === 'connected') delivery.startAt(frame.body.cursor)
    delivery.push(frame)
  }

  function change(to: Status): void {
    if (status.state === 'closed' || isSame(status, to)) return
    if (status.state === 'failed') delivery.reopen()
    status = to
    if (to.state === 'failed') delivery.end(to.error)
    guarded(() => onState?.(to.state, to))
  }

  function close(): void {
    if (status.state === 'closed') return
    signal?.removeEventListener('abort', close)
    connection.close()
    delivery.end()
    change({ state: 'closed' })
  }

  if (signal?.aborted === true) close()
  else signal?.addEventListener('abort', close)

  return {
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
      return delivery.cursor()
    },
    get lastEventAt() {
      return lastEventAt
    },
    on: (type, listener) => listeners.add(type, listener),
    reconnectNow: connection.reconnectNow,
    close,
    [Symbol.asyncIterator]: () => delivery.iterator() as AsyncIterator<EventOf<T>>,
  }
}
