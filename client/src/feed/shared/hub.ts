import { connect } from '../connection.ts'
import type { Connection } from '../connection.ts'
import type { Connected, Frame } from '../frames.ts'
import type { FeedFilter } from '../options.ts'
import type { Status } from '../status.ts'
import { sentError, sentStatus } from './messages.ts'
import type { ToHub, ToTabs } from './messages.ts'

/** The one line of all tabs with the same filter. It runs in a SharedWorker or in one of the tabs. */

/** What a tab can get at once when it joins. */
const MOST_KEPT = 1_000

/** What all tabs of a hub ask for. */
export type SharedRequest = FeedFilter & { url: string }

export function serveHub(name: string, request: SharedRequest): { close(): void } {
  const channel = new BroadcastChannel(name)
  const tabs = new Map<string, AbortController>()
  /** They have asked before the line was live, each from its position. */
  const waiting = new Map<string, string>()
  let line: Connection | undefined
  let status: Status = { state: 'connecting' }
  let connected: Connected | undefined
  /** Everything after `keptFrom`. */
  let kept: Frame[] = []
  let keptFrom: string | undefined
  /** A token has been used, so a question for another means that it is not good any more. */
  let hasToken = false
  let question = 0
  let answerToken: ((token: string | undefined) => void) | undefined

  function say(message: ToTabs): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is no window
    channel.postMessage(message)
  }

  function open(from: string): void {
    kept = []
    keptFrom = from === 'now' ? undefined : from
    hasToken = false
    line = connect(
      { ...request, from, token: askForToken },
      {
        frame: take,
        full: () => undefined,
        status: change,
        error: (error) => say({ kind: 'error', error: sentError(error) }),
      },
    )
  }

  function askForToken(): Promise<string | undefined> {
    return new Promise((resolve) => {
      question += 1
      answerToken = (token) => {
        answerToken = undefined
        hasToken = true
        resolve(token)
      }
      say({ kind: 'token?', question, isRefused: hasToken })
    })
  }

  function take(frame: Frame): void {
    if (frame.kind === 'connected') {
      connected = frame.body
      keptFrom ??= frame.body.cursor
    }
    kept.push(frame)
    if (kept.length > MOST_KEPT) keptFrom = positionOf(kept.shift()) ?? keptFrom
    say({ kind: 'frame', frame })
  }

  function change(to: Status): void {
    status = to
    say({ kind: 'status', status: sentStatus(to) })
    if (to.state !== 'live') return
    for (const [id, cursor] of waiting) welcome(id, cursor)
    waiting.clear()
  }

  function welcome(to: string, from: string): void {
    if (from !== 'now' && (keptFrom === undefined || from < keptFrom)) {
      return say({ to, kind: 'behind' })
    }
    const isNew = (frame: Frame) => {
      const position = positionOf(frame) ?? ''
      return position > from || (frame.kind === 'reset' && position === from)
    }
    const frames = from === 'now' ? [] : kept.filter(isNew)
    const cursor = kept.map(positionOf).findLast((position) => position !== undefined) ?? keptFrom
    const first = connected && { ...connected, cursor: cursor ?? connected.cursor }
    say({ to, kind: 'joined', connected: first, frames, status: sentStatus(status) })
  }

  function join(id: string, cursor: string): void {
    if (!tabs.has(id)) watch(id)
    if (line === undefined) open(cursor)
    if (status.state === 'live') return welcome(id, cursor)
    waiting.set(id, cursor)
    // Those who were asked may have no good token, or have gone.
    if (answerToken !== undefined) say({ to: id, kind: 'token?', question, isRefused: false })
    // This tab may have what the others had not, such as a new token.
    if (status.state === 'failed') line?.reconnectNow()
    else say({ to: id, kind: 'status', status: sentStatus(status) })
  }

  /** A tab that crashes says nothing, but the browser takes its lock away. */
  function watch(id: string): void {
    const left = new AbortController()
    tabs.set(id, left)
    navigator.locks.request(id, { signal: left.signal }, () => leave(id)).catch(() => {})
  }

  function leave(id: string): void {
    tabs.get(id)?.abort()
    tabs.delete(id)
    waiting.delete(id)
    if (tabs.size > 0) return
    line?.close()
    line = undefined
    status = { state: 'connecting' }
  }

  channel.addEventListener('message', ({ data }: MessageEvent<ToHub>) => {
    if (data.kind === 'join') join(data.id, data.cursor)
    else if (data.kind === 'leave') leave(data.id)
    else if (data.kind === 'reconnect') line?.reconnectNow()
    else if (data.kind === 'ping') say({ to: data.id, kind: 'alive' })
    else if (data.kind === 'token' && data.question === question) answerToken?.(data.token)
  })
  say({ kind: 'hub' })

  return {
    close() {
      for (const id of tabs.keys()) leave(id)
      channel.close()
    },
  }
}

/** Where the frame leads. */
function positionOf(frame: Frame | undefined): string | undefined {
  if (frame?.kind === 'event') return frame.body.id
  return frame !== undefined && 'cursor' in frame.body ? frame.body.cursor : undefined
}
