import { signal } from '@preact/signals'
import { DAEMON } from './place.ts'

/** REST, with the token of the visitor if the daemon wants one. */

const KEY = 'flowfi_token'

/** Kept for this tab only. */
export const bearer = signal(sessionStorage.getItem(KEY) ?? undefined)
/** The daemon has answered 401. */
export const needsToken = signal(false)

export function useToken(text: string): void {
  sessionStorage.setItem(KEY, text)
  bearer.value = text
  needsToken.value = false
}

export class Refused extends Error {
  readonly status: number
  readonly retryAfterMs: number

  constructor(response: Response, detail: string) {
    super(detail)
    this.status = response.status
    this.retryAfterMs = 1_000 * (Number(response.headers.get('retry-after')) || 1)
  }
}

/** Longer than any answer should take: a daemon that hangs is as good as gone. */
const TIMEOUT_MS = 15_000

/** Rejects with `Refused` when the daemon says no, and with another error when it says nothing. */
export async function get<T>(path: string, accepted: readonly number[] = []): Promise<T> {
  const response = await fetch(DAEMON + path, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(bearer.value !== undefined && { headers: { authorization: `Bearer ${bearer.value}` } }),
  })
  if (response.ok || accepted.includes(response.status)) return (await response.json()) as T
  if (response.status === 401) needsToken.value = true
  throw new Refused(response, await detailOf(response))
}

async function detailOf(response: Response): Promise<string> {
  const fallback = `the daemon answered ${response.status}`
  const problem = (await response.json().catch(() => ({}))) as { detail?: unknown }
  return typeof problem.detail === 'string' ? problem.detail : fallback
}

/**
 * Runs `task` now and then: `everyMs` after its last end, not while nobody looks, and later if the
 * daemon asks for that.
 */
export function repeat(task: () => Promise<void>, everyMs: number, isWanted: () => boolean): void {
  const again = async () => {
    let pauseMs = everyMs
    if (isWanted()) {
      await task().catch((error: unknown) => {
        if (error instanceof Refused) pauseMs = Math.max(pauseMs, error.retryAfterMs)
      })
    }
    setTimeout(() => void again(), pauseMs)
  }
  void again()
}
