import { computed, effect, signal } from '@preact/signals'
import { createFeed } from 'flowfi-client'
import type { Announcement, Feed, FeedStatus, Reset } from 'flowfi-client'
import { bearer, get, needsToken, Refused } from './api.ts'
import { heardOf } from './clock.ts'
import { lookAgain, ready, silentSince } from './daemon.ts'
import { details, look } from './one-stream.ts'
import { DAEMON, isOnline } from './place.ts'
import type { List, StreamEvent } from './shapes.ts'
import { loadStreams, noticeEvent } from './streams.ts'
import { clear, merge, show } from './ticker.ts'

/**
 * The line to the daemon's feed: everything from a snapshot on. The visitor can cut it, and see that
 * nothing is lost when it is mended.
 */

export type Word = 'live' | 'catching up' | 'reconnecting' | 'behind' | 'offline'

interface Trouble extends Pick<FeedStatus, 'state'> {
  reason?: FeedStatus['reason'] | undefined
  nextAttemptAt?: number | undefined
}

export const trouble = signal<Trouble>({ state: 'connecting' })
export const isCut = signal(false)
export const position = signal<string | undefined>(undefined)
export const lastEventAt = signal<number | undefined>(undefined)
export const announcement = signal<Announcement | undefined>(undefined)
export const reset = signal<Reset | undefined>(undefined)
/** What came after the line had been down; undefined while it has never been. */
export const resumed = signal<{ missed: number; isOver: boolean } | undefined>(undefined)

export const word = computed((): Word => {
  if (isCut.value || !isOnline.value || needsToken.value) return 'offline'
  switch (trouble.value.state) {
    case 'connecting':
      return silentSince.value === undefined ? 'catching up' : 'reconnecting'
    case 'catching_up':
      return 'catching up'
    case 'live':
      return ready.value?.ready === false ? 'behind' : 'live'
    case 'reconnecting':
      return 'reconnecting'
    case 'closed':
    case 'failed':
      return 'offline'
  }
})

let feed: Feed | undefined

const SNAPSHOT = 100
const RETRY_MS = 2_000

/** Reads the newest events, then follows the feed from exactly there. */
async function begin(): Promise<void> {
  try {
    const { data, asOf } = await newest()
    merge(data.map((event) => ({ event, isMissed: false })))
    for (const event of data) heardOf(event.timestamp)
    follow(asOf?.cursor ?? 'earliest')
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return
    setTimeout(() => void begin(), error instanceof Refused ? error.retryAfterMs : RETRY_MS)
  }
}

function newest(): Promise<List<StreamEvent>> {
  return get(`/events?order=desc&limit=${SNAPSHOT}`)
}

function follow(from: string): void {
  feed?.close()
  const own = createFeed({
    url: DAEMON,
    all: true,
    shared: true,
    from,
    token: () => bearer.peek(),
    onState: (_, status) => {
      if (feed === own) change(status)
    },
  })
  feed = own
  trouble.value = { state: own.state }
  position.value = from
  own.on('event', (event) => take(event as unknown as StreamEvent))
  own.on('caught_up', ({ cursor }) => {
    position.value = cursor
    if (resumed.value !== undefined) resumed.value = { ...resumed.value, isOver: true }
    lookAgain()
  })
  own.on('cursor', ({ cursor }) => (position.value = cursor))
  own.on('announcement', (message) => (announcement.value = message))
  own.on('reset', (said) => void reload(said))
}

function change({ state, reason, nextAttemptAt }: FeedStatus): void {
  const before = trouble.peek().state
  trouble.value = { state, reason, nextAttemptAt }
  // What comes from now on was missed.
  if (before === 'live' && state === 'reconnecting') resumed.value = { missed: 0, isOver: false }
  if (reason === 'unauthorized' && state === 'failed') needsToken.value = true
}

function take(event: StreamEvent): void {
  const isMissed = resumed.peek()?.isOver === false
  if (isMissed) resumed.value = { missed: resumed.peek()!.missed + 1, isOver: false }
  position.value = event.id
  lastEventAt.value = Date.now()
  heardOf(event.timestamp)
  noticeEvent(event)
  if (details.peek()?.id === event.streamId && event.streamId !== undefined)
    void look(event.streamId)
  show({ event, isMissed })
}

/** What is shown does not count any more. */
async function reload(said: Reset): Promise<void> {
  reset.value = said
  if (said.reason !== 'gap') clear()
  void loadStreams()
  const open = details.peek()?.id
  if (open !== undefined) void look(open)
  const { data } = await newest().catch(() => ({ data: [] }))
  merge(data.map((event) => ({ event, isMissed: false })))
}

export function cut(): void {
  isCut.value = true
  position.value = feed?.cursor ?? position.value
  feed?.close()
}

export function mend(): void {
  resumed.value = { missed: 0, isOver: false }
  isCut.value = false
  follow(position.value ?? 'earliest')
}

export function reconnectNow(): void {
  feed?.reconnectNow()
}

export function openLine(): void {
  effect(() => {
    // Again with each new token.
    void bearer.value
    feed?.close()
    feed = undefined
    void begin()
  })
}
