/** How long to wait before the next attempt. */

/** Until the daemon has said its own `retry:`. */
const FIRST_MS = 1_000
const MOST_MS = 30_000
/** Nothing doubles from zero. */
const LEAST_MS = 10
/** An answer that asks for more is believed up to here. */
const MOST_RETRY_AFTER_MS = 3_600_000

export interface Backoff {
  /** The daemon's `retry:`. */
  heed(retryMs: number): void
  /** Milliseconds until the next attempt; each failure in a row doubles them. */
  next(retryAfterMs?: number): number
  /** The last attempt has succeeded. */
  reset(): void
}

export function createBackoff(random: () => number = Math.random): Backoff {
  let retryMs = FIRST_MS
  let failures = 0

  return {
    heed(asked) {
      retryMs = Math.max(LEAST_MS, Math.min(asked, MOST_MS))
    },
    next(retryAfterMs = 0) {
      const backoff = Math.min(retryMs * 2 ** failures, MOST_MS)
      failures = Math.min(failures + 1, 20)
      // Only later, never sooner than asked; and not everyone at the same moment.
      return (
        Math.max(backoff, Math.min(retryAfterMs, MOST_RETRY_AFTER_MS)) + (backoff * random()) / 2
      )
    },
    reset() {
      failures = 0
    },
  }
}

/** Of an answer's `Retry-After`: seconds or a date. */
export function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now()
  return ms > 0 ? ms : undefined
}
