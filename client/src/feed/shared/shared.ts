import { connect } from '../connection.ts'
import type { Connection, Takes } from '../connection.ts'
import { createCredentials } from '../credentials.ts'
import type { Frame } from '../frames.ts'
import type { FeedOptions } from '../options.ts'
import { createPosition } from '../position.ts'
import type { Status } from '../status.ts'
import { ALIVE_MS } from './hub.ts'
import { provideHub } from './lead.ts'
import { receivedError, receivedStatus } from './messages.ts'
import type { ToHub, ToTabs } from './messages.ts'
import { hubName, requestOf } from './name.ts'

/**
 * One line for all tabs of an origin that ask for the same. The hub has the line; a tab joins it where
 * it stands. A tab that is elsewhere uses a line of its own until it has caught up, and so does a tab
 * whose application cannot keep up, or one that finds no hub.
 *
 * - name.ts        which tabs share a hub
 * - lead.ts        where the hub runs; hub.worker.ts: in a SharedWorker
 * - hub.ts         the line of all
 * - messages.ts    what they say to each other
 */

/** So long without a word, and the hub is gone. */
const GONE_MS = 4 * ALIVE_MS

export function canShare(): boolean {
  return (
    typeof BroadcastChannel !== 'undefined' &&
    typeof navigator !== 'undefined' &&
    navigator.locks !== undefined
  )
}

/** `asking` the hub for a place · `joined` · `own` line · `full` queue, no line · `closed` */
type Mode = 'asking' | 'joined' | 'own' | 'full' | 'closed'

export function connectShared(options: FeedOptions, takes: Takes): Connection {
  const credentials = createCredentials(options.token)
  const position = createPosition(options.from ?? 'now')
  const id = `flowfi-tab ${crypto.randomUUID()}`
  let mode: Mode = 'asking'
  let own: Connection | undefined
  let ownIsLive = false
  let leaveHub: (() => void) | undefined
  let post: ((message: ToHub) => void) | undefined
  let subject = ''
  let heardAt = Date.now()

  queueMicrotask(() => void start())

  async function start(): Promise<void> {
    if (mode === 'closed') return
    takes.status({ state: 'connecting' })
    const token = await credentials.get().catch(() => undefined)
    if (isClosed()) return
    const request = requestOf(options)
    subject = hubName(request, token)
    const channel = new BroadcastChannel(subject)
    channel.addEventListener('message', ({ data }: MessageEvent<ToTabs>) => {
      heardAt = Date.now()
      if (data.to === undefined || data.to === id) hear(data)
    })
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is no window
    post = (message) => channel.postMessage(message)
    const letGo = await holdLock(id)
    const hub = provideHub(subject, request)
    const look = setInterval(watch, ALIVE_MS)
    leaveHub = () => {
      post?.({ kind: 'leave', id })
      clearInterval(look)
      hub.close()
      channel.close()
      letGo()
    }
    // It was closed while the lock came.
    if (isClosed()) leaveHub()
    else if (options.from === 'earliest') useOwnLine()
    else join()
  }

  function join(): void {
    post?.({ kind: 'join', id, cursor: position.now() })
  }

  function watch(): void {
    const isGone = Date.now() - heardAt > GONE_MS
    if (isGone && (mode === 'asking' || mode === 'joined')) useOwnLine()
  }

  function hear(message: ToTabs): void {
    switch (message.kind) {
      case 'hub':
        // A new one. What it has may begin after our position.
        if (mode === 'joined') mode = 'asking'
        return mode === 'asking' || ownIsLive ? join() : undefined
      case 'alive':
        return undefined
      case 'joined':
        return enter(message)
      case 'behind':
        return mode === 'asking' || mode === 'joined' ? useOwnLine() : undefined
      case 'frame':
        return mode === 'joined' ? take(message.frame) : undefined
      case 'status': {
        const { state } = message.status
        const isTrouble = state === 'reconnecting' || state === 'failed'
        const counts = mode === 'joined' || (mode === 'asking' && isTrouble)
        return counts ? tell(receivedStatus(message.status)) : undefined
      }
      case 'error':
        return mode === 'joined' || mode === 'asking'
          ? takes.error(receivedError(message.error))
          : undefined
      case 'token?':
        return void answer(message)
    }
  }

  function enter({ connected, frames, status }: Extract<ToTabs, { kind: 'joined' }>): void {
    if (mode === 'closed' || mode === 'full') return
    dropOwnLine()
    mode = 'joined'
    if (connected !== undefined) {
      const body = position.isKnown() ? { ...connected, cursor: position.now() } : connected
      take({ kind: 'connected', body })
    }
    for (const frame of frames) if (isJoined()) take(frame)
    if (isJoined()) tell(receivedStatus(status))
  }

  /** For the application `connecting` is the first attempt, not that of a line. */
  function tell(status: Status): void {
    if (status.state !== 'connecting') takes.status(status)
  }

  function isClosed(): boolean {
    return mode === 'closed'
  }

  function isJoined(): boolean {
    return mode === 'joined'
  }

  function take(frame: Frame): void {
    const full = takes.full()
    if (full !== undefined) {
      mode = 'full'
      void full.then(() => mode === 'full' && useOwnLine())
      return
    }
    if (frame.kind === 'connected') position.newLine()
    if (position.accept(frame)) takes.frame(frame)
  }

  function dropOwnLine(): void {
    own?.close()
    own = undefined
    ownIsLive = false
  }

  function useOwnLine(): void {
    if (mode === 'closed') return
    dropOwnLine()
    mode = 'own'
    const from = position.now()
    own = connect(
      { ...options, from },
      {
        ...takes,
        status(status) {
          ownIsLive = status.state === 'live'
          tell(status)
        },
        frame(frame) {
          position.accept(frame)
          takes.frame(frame)
          // From here on the hub has everything, too.
          if (frame.kind === 'caught_up') join()
        },
      },
    )
  }

  /** The hub's line needs a token. One of another user would be for another hub. */
  async function answer({
    question,
    isRefused,
  }: Extract<ToTabs, { kind: 'token?' }>): Promise<void> {
    if (isRefused) credentials.forget()
    const token = await credentials.get().catch(() => undefined)
    if (isClosed()) return
    if (hubName(requestOf(options), token) === subject)
      post?.({ kind: 'token', id, question, token })
    else useOwnLine()
  }

  return {
    reconnectNow() {
      if (own !== undefined) own.reconnectNow()
      else post?.({ kind: 'reconnect', id })
    },
    moveTo(cursor) {
      position.moveTo(cursor)
      useOwnLine()
    },
    close() {
      mode = 'closed'
      dropOwnLine()
      leaveHub?.()
    },
  }
}

/** Returns how to let it go; the browser does so when the tab is gone. */
function holdLock(name: string): Promise<() => void> {
  return new Promise((resolve) => {
    const hold = () => new Promise<void>((over) => resolve(over))
    void navigator.locks.request(name, hold)
  })
}
