import { connect } from '../connection.ts'
import type { Connection, Takes } from '../connection.ts'
import { createCredentials } from '../credentials.ts'
import type { Frame } from '../frames.ts'
import type { FeedOptions } from '../options.ts'
import { createPosition } from '../position.ts'
import type { Status } from '../status.ts'
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

const PING_MS = 5_000
/** So many pings without an answer, and the hub is gone. */
const MOST_UNANSWERED = 4

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
  let unanswered = 0
  let meeting: Promise<boolean> | undefined

  queueMicrotask(() => void start())

  async function start(): Promise<void> {
    if (mode === 'closed') return
    takes.status({ state: 'connecting' })
    const hasMet = await meet()
    if (isClosed()) return
    if (hasMet && options.from !== 'earliest') join()
    else useOwnLine()
  }

  /** False: without a token nobody knows which hub it would be. A line of its own says why. */
  async function meet(): Promise<boolean> {
    meeting ??= enterChannel()
    const hasMet = await meeting.catch(() => false)
    if (!hasMet) meeting = undefined
    return hasMet
  }

  async function enterChannel(): Promise<boolean> {
    const token = await credentials.get()
    if (isClosed()) return false
    const request = requestOf(options)
    subject = hubName(request, token)
    const channel = new BroadcastChannel(subject)
    channel.addEventListener('message', ({ data }: MessageEvent<ToHub | ToTabs>) => {
      // What other tabs say to the hub is heard here, too.
      if ('id' in data) return
      unanswered = 0
      if (data.to === undefined || data.to === id) hear(data)
    })
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is no window
    post = (message) => channel.postMessage(message)
    const letGo = await holdLock(id)
    const hub = provideHub(subject, request)
    const look = setInterval(watch, PING_MS)
    leaveHub = () => {
      post?.({ kind: 'leave', id })
      clearInterval(look)
      hub.close()
      channel.close()
      letGo()
    }
    // It was closed while the lock came.
    if (isClosed()) leaveHub()
    return !isClosed()
  }

  function join(): void {
    post?.({ kind: 'join', id, cursor: position.now() })
  }

  function watch(): void {
    if (!needsHub()) return
    if (unanswered >= MOST_UNANSWERED) return useOwnLine()
    unanswered += 1
    post?.({ kind: 'ping', id })
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
        return needsHub() ? useOwnLine() : undefined
      case 'frame':
        return mode === 'joined' ? take(message.frame) : undefined
      case 'status': {
        const { state } = message.status
        const isTrouble = state === 'reconnecting' || state === 'failed'
        const counts = mode === 'joined' || (mode === 'asking' && isTrouble)
        return counts ? tell(receivedStatus(message.status)) : undefined
      }
      case 'error':
        return needsHub() ? takes.error(receivedError(message.error)) : undefined
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

  function needsHub(): boolean {
    return mode === 'asking' || mode === 'joined'
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
          if (frame.kind === 'caught_up') void meet().then((hasMet) => hasMet && join())
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
    const hasAnother = !isRefused || typeof options.token === 'function'
    const given = hasAnother
      ? await credentials.get().then(
          (token) => ({ token }),
          () => undefined,
        )
      : undefined
    if (given !== undefined && hubName(requestOf(options), given.token) === subject) {
      if (!isClosed()) post?.({ kind: 'token', id, question, token: given.token })
    } else if (needsHub()) {
      // That line says what is wrong with the token.
      useOwnLine()
    }
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
