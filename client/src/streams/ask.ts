import { createApi } from '../api/api.ts'
import type { ApiOptions } from '../api/api.ts'
import { createBackoff, retryAfter } from '../feed/backoff.ts'
import { FeedError } from '../feed/errors.ts'
import { createSleep } from '../feed/sleep.ts'
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
      trouble({ error, nextAttemptAt: Date.now() + ms })
      await sleep.for(ms)
      signal.throwIfAborted()
    }
  }

  async function askOnce(
    query: PageQuery,
  ): Promise<PageOfStreams | { error: FeedError; retryAfterMs: number | undefined }> {
    try {
      const { data, error, response } = await api.GET('/streams', { params: { query }, signal })
      if (data !== undefined) return data
      const retryAfterMs = retryAfter(response.headers.get('Retry-After'))
      return { error: refusal(response.status, error), retryAfterMs }
    } catch (cause) {
      const error = new FeedError('unreachable', `${url}/streams cannot be read`, { cause })
      return { error, retryAfterMs: undefined }
    }
  }

  return { ask, now: sleep.wake }
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
