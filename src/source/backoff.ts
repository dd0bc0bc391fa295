import { realClock } from '../domain/clock.ts'
import type { Clock } from '../domain/clock.ts'
import { SourceError } from '../domain/errors.ts'

/** How long to wait after a source has failed, and asking again until it answers. */

const FIRST_DELAY_MS = 250
/** Two ledgers of a public network. */
const LONGEST_DELAY_MS = 10_000
/** A server that asks for a longer wait than this is asked again earlier. */
const LONGEST_RETRY_AFTER_MS = 300_000
/** More doublings than any limit allows; without it the number would overflow. */
const MOST_DOUBLINGS = 10

export interface DelayOptions {
  random: () => number
  firstMs?: number
  longestMs?: number
}

/**
 * How long to wait after the `failures`-th failure in a row: doubling, with jitter, so that many
 * indexers do not come back in step.
 */
export function retryDelay(
  failures: number,
  { random, firstMs = FIRST_DELAY_MS, longestMs = LONGEST_DELAY_MS }: DelayOptions,
): number {
  const doubledMs = firstMs * 2 ** Math.min(failures - 1, MOST_DOUBLINGS)
  return Math.min(doubledMs, longestMs) * (0.5 + random() / 2)
}

/** How long the server itself asked to be left alone, as far as we comply. */
export function askedDelay({ retryAfterMs = 0 }: SourceError): number {
  return Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS)
}

/** The delay before the next call: our own, or the one that the server asks for if it is longer. */
export function backoff(error: SourceError, failures: number, options: DelayOptions): number {
  return Math.round(Math.max(retryDelay(failures, options), askedDelay(error)))
}

export interface RetryOptions extends Partial<Pick<Clock, 'sleep'>> {
  random: () => number
  /** The failures in a row after which the last error is thrown; by default it never is. */
  maxFailures?: number
  /** Called for each failure before the wait. */
  onFailure(error: SourceError, retry: { failures: number; delayMs: number }): void
}

/**
 * Asks a source again until it answers. Throws what is not a `SourceError`, and the signal's reason
 * after an abort.
 */
export async function retry<T>(
  ask: () => Promise<T>,
  { random, maxFailures, onFailure, sleep = realClock.sleep }: RetryOptions,
  signal: AbortSignal,
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await ask()
    } catch (error) {
      if (signal.aborted || !(error instanceof SourceError)) throw error
      if (failures === maxFailures) throw error
      const delayMs = backoff(error, failures, { random })
      onFailure(error, { failures, delayMs })
      await sleep(delayMs, signal)
      signal.throwIfAborted()
    }
  }
}
