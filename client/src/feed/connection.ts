import type { Frame } from './frames.ts'
import { createBackoff } from './backoff.ts'
import { createCredentials } from './credentials.ts'
import { FeedError } from './errors.ts'
import type { FeedReason } from './errors.ts'
import { openLine, readLine } from './line.ts'
import type { Refusal } from './line.ts'
import { subscribing } from './options.ts'
import type { FeedOptions } from './options.ts'
import { createPosition } from './position.ts'
import { createSleep } from './sleep.ts'
import type { Status } from './status.ts'
import { watchSurroundings } from './surroundings.ts'
import { createWatchdog } from './watchdog.ts'
import type { Watchdog } from './watchdog.ts'

/**
 * The feed over any number of lines, one after the other: frames once and in order, the state, and
 * when to try again. It ends only when it is closed, or when the daemon refuses for good.
 */
export interface Connection {
  /** Does not wait for the next attempt, or leaves a line that stands for a new one. */
  reconnectNow(): void
  /** Continues after this position instead. */
  moveTo(cursor: string): void
  close(): void
}

export interface Takes {
  frame(frame: Frame): void
  /** Settles when there is room for another frame; undefined: there is. */
  full(): Promise<void> | undefined
  status(status: Status): void
  error(error: FeedError): void
}

/** Why a line was left on purpose. */
class Left {
  readonly reason: FeedReason
  constructor(reason: FeedReason) {
    this.reason = reason
  }
}

interface Ending {
  reason: FeedReason
  error?: FeedError
  retryAfterMs?: number | undefined
  /** No waiting. */
  isWanted?: boolean
}

export function connect(options: FeedOptions, takes: Takes): Connection {
  const backoff = createBackoff()
  const credentials = createCredentials(options.token)
  const position = createPosition(options.from ?? 'now')
  const sleep = createSleep()
  const surroundings = watchSurroundings({
    renewed: () => leave('online'),
    seen() {
      if (!isAskedToWait) sleep.wake()
      doubt()
    },
  })
  let line = new AbortController()
  let doubt = nothing
  let isRunning = false
  let isClosed = false
  /** The daemon has said how long it wants to be left alone. */
  let isAskedToWait = false
  /** Refused tokens in a row. */
  let refusals = 0

  function leave(reason: FeedReason): void {
    if (isClosed) return
    line.abort(new Left(reason))
    sleep.wake()
    if (!isRunning) void run()
  }

  async function run(): Promise<void> {
    isRunning = true
    takes.status({ state: 'connecting' })
    while (!isClosed) {
      line = new AbortController()
      const ending = await attempt(line.signal).catch((error: unknown) => endingOf(error, line))
      if (isClosed) break
      if (ending.error !== undefined) takes.error(ending.error)
      if (isFinal(ending)) {
        takes.status({ state: 'failed', reason: ending.reason, error: ending.error })
        break
      }
      await pause(ending)
    }
    isRunning = false
  }

  async function attempt(signal: AbortSignal): Promise<Ending> {
    const token = await orLeft(credentials.get(), signal)
    const from = position.now()
    const request = subscribing(options, { from, isResumed: position.isResumed(), token })
    // A request that gets no answer is as dead as a line that says nothing.
    const watchdog = createWatchdog((silentMs) => line.abort(silence(silentMs)))
    doubt = watchdog.doubt
    try {
      const body = await openLine(request, signal)
      refusals = 0
      return await read({ body, watchdog }, signal)
    } finally {
      watchdog.stop()
      doubt = nothing
    }
  }

  async function read(
    { body, watchdog }: { body: ReadableStream<Uint8Array>; watchdog: Watchdog },
    signal: AbortSignal,
  ): Promise<Ending> {
    let goodbye: FeedReason | undefined
    let isConnected = false
    position.newLine()
    const reader = { frame: take, retry: backoff.heed, full: takes.full }
    await readLine({ body, reader, watchdog }, signal)
    signal.throwIfAborted()
    if (goodbye !== undefined) return { reason: goodbye }
    throw new FeedError('cut', 'the connection ended before the daemon said goodbye')

    function take(frame: Frame): void {
      if (signal.aborted || !position.accept(frame)) return
      if (frame.kind === 'connected') {
        // Something between may repeat what it passes on.
        if (isConnected) return
        isConnected = true
        backoff.reset()
        watchdog.expect(frame.body.heartbeatSeconds)
        takes.status({ state: 'catching_up' })
      } else if (frame.kind === 'caught_up') {
        takes.status({ state: 'live' })
      } else if (frame.kind === 'reconnect') {
        goodbye = frame.body.reason
        if (goodbye === 'token_expired') credentials.forget()
      }
      takes.frame(frame)
    }
  }

  function endingOf(thrown: unknown, { signal }: AbortController): Ending {
    // Some browsers throw an error of their own for an aborted request.
    const error = signal.aborted ? (signal.reason as unknown) : thrown
    if (error instanceof Left) return { reason: error.reason, isWanted: true }
    if (error instanceof FeedError) return { reason: reasonOf(error), error }
    if (isRefusal(error)) {
      const { reason } = error.error
      if (reason === 'unauthorized') {
        refusals += 1
        credentials.forget()
      } else {
        refusals = 0
      }
      return { reason, ...error }
    }
    return {
      reason: reasonOf({ reason: 'cut' }),
      error: new FeedError('cut', 'the connection was cut', { cause: error }),
    }
  }

  function reasonOf({ reason }: { reason: FeedReason }): FeedReason {
    const isNetwork = reason === 'cut' || reason === 'unreachable' || reason === 'silent'
    return isNetwork && surroundings.isOffline() ? 'offline' : reason
  }

  function isFinal({ reason }: Ending): boolean {
    return reason === 'refused' || (reason === 'unauthorized' && refusals > 1)
  }

  async function pause({ reason, error, retryAfterMs, isWanted }: Ending): Promise<void> {
    // A new token may be all that was missing.
    const isFree = isWanted || (reason === 'unauthorized' && typeof options.token === 'function')
    const ms = isFree ? 0 : backoff.next(retryAfterMs)
    isAskedToWait = retryAfterMs !== undefined
    takes.status({
      state: 'reconnecting',
      reason,
      error,
      nextAttemptAt: Date.now() + Math.ceil(ms),
    })
    if (!isClosed && ms > 0) await sleep.for(ms)
    isAskedToWait = false
  }

  queueMicrotask(() => {
    if (!isClosed) void run()
  })

  return {
    reconnectNow() {
      refusals = 0
      leave('requested')
    },
    moveTo(cursor) {
      position.moveTo(cursor)
      leave('requested')
    },
    close() {
      isClosed = true
      surroundings.stop()
      line.abort(new Left('requested'))
      sleep.wake()
    },
  }
}

function nothing(): void {}

function silence(silentMs: number): FeedError {
  const seconds = Math.round(silentMs / 1_000)
  return new FeedError('silent', `nothing has come for ${seconds} s, not even a heartbeat`)
}

function isRefusal(thrown: unknown): thrown is Refusal {
  return typeof thrown === 'object' && thrown !== null && 'retryAfterMs' in thrown
}

/** A token may never come; closing or leaving must not wait for it. */
function orLeft<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    promise.then(resolve, reject)
  })
}
