import { createApi } from '../api/api.ts'
import type { ApiOptions } from '../api/api.ts'
import { createBackoff, retryAfter } from '../feed/backoff.ts'
import { FeedError } from '../feed/errors.ts'
import { createSleep } from '../feed/sleep.ts'
import { watchSurroundings } from '../feed/surroundings.ts'
import type { PageOfStreams, PageQuery } from './snapshot.ts'

/** Asks for pages of streams, again and again until there is an answer. */
export interface Asking {
  /** Throws a `FeedError` when asking again would not help, and whatever `signal` aborts with. */
  ask(query: PageQuery): Promise<PageOfStreams>
  /** Does not wait for the next attempt. */
  now(): void
}

/** Of an answer that asks for patience. */
const TRANSIENT = new Set([408, 429])
const UNAUTHORISED = 401
/** As long as a silent feed gets. */
const LONGEST_ANSWER_MS = 45_000

interface Trouble {
  error: FeedError
  nextAttemptAt: number
}

export function createAsking(
  { url, token, trouble }: ApiOptions & { trouble(trouble: Trouble): void },
  signal: AbortSignal,
): Asking {
  const api = createApi({ url, token })
  const sleep = createSleep()
  signal.addEventListener('abort', sleep.wake, { once: true })

  async function ask(query: PageQuery): Promise<PageOfStreams> {
    const backoff = createBackoff()
    // A function has been asked twice by then.
    let tokens = typeof token === 'function' ? 1 : 2
    for (;;) {
      const answer = await askOnce(query)
      if (!('error' in answer)) return answer
      const { error, retryAfterMs } = answer
      signal.throwIfAborted()
      if (error.reason === 'unauthorized') tokens -= 1
      if (error.reason === 'refused' || tokens === 0) throw error
      const ms = backoff.next(retryAfterMs)
      trouble({ error, nextAttemptAt: Date.now() + Math.ceil(ms) })
      await pause(ms, retryAfterMs !== undefined)
      signal.throwIfAborted()
    }
  }

  /** Until a browser has its network back, or someone looks at the page again. */
  async function pause(ms: number, isAskedToWait: boolean): Promise<void> {
    const seen = () => void (isAskedToWait || sleep.wake())
    const surroundings = watchSurroundings({ renewed: sleep.wake, seen })
    await sleep.for(ms)
    surroundings.stop()
  }

  async function askOnce(
    query: PageQuery,
  ): Promise<PageOfStreams | { error: FeedError; retryAfterMs: number | undefined }> {
    const patience = patienceFor(signal)
    try {
      const { data, error, response } = await api.GET('/streams', {
        params: { query },
        signal: patience.signal,
      })
      if (data !== undefined) return data
      const retryAfterMs = retryAfter(response.headers.get('Retry-After'))
      return { error: refusal(response.status, error), retryAfterMs }
    } catch (cause) {
      const reason = patience.isOver() ? 'silent' : 'unreachable'
      const error = new FeedError(reason, `${url}/streams cannot be read`, { cause })
      return { error, retryAfterMs: undefined }
    } finally {
      patience.stop()
    }
  }

  return { ask, now: sleep.wake }
}

/** Aborts with the signal, and when there is no whole answer in time. `AbortSignal.any` is too young. */
function patienceFor(signal: AbortSignal) {
  const own = new AbortController()
  let isOver = false
  const leave = () => own.abort(signal.reason)
  const timer = setTimeout(() => {
    isOver = true
    own.abort(new Error(`no answer within ${LONGEST_ANSWER_MS / 1_000} s`))
  }, LONGEST_ANSWER_MS)
  signal.addEventListener('abort', leave, { once: true })
  return {
    signal: own.signal,
    isOver: () => isOver,
    stop() {
      clearTimeout(timer)
      signal.removeEventListener('abort', leave)
    },
  }
}

function refusal(status: number, problem: { detail?: string } | undefined): FeedError {
  const because = problem?.detail === undefined ? '' : `: ${problem.detail}`
  const error = (reason: FeedError['reason'], said: string) =>
    new FeedError(reason, `${said} (${status})${because}`, { status })
  if (status === UNAUTHORISED) return error('unauthorized', 'the daemon did not accept the token')
  if (status >= 400 && status < 500 && !TRANSIENT.has(status)) {
    return error('refused', 'the daemon refused to list the streams')
  }
  return error('unavailable', 'the daemon cannot list the streams for now')
}
