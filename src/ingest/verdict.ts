import { SourceError } from '../domain/errors.ts'
import { REACTIONS } from '../domain/faults.ts'

/**
 * What a failed step means. `retry`: wait and ask again, nothing is lost. `lost`: the ledgers after
 * the cursor are gone at every endpoint, by the rule of promise P3. `halt`: not a fault of the
 * source, so a broken promise of our own, which ends the process.
 */
export type Verdict = 'retry' | 'lost' | 'halt'

export function verdict(error: unknown): Verdict {
  if (!(error instanceof SourceError)) return 'halt'
  return REACTIONS[error.fault].countsTowardsGap && error.confirmed ? 'lost' : 'retry'
}

const FIRST_DELAY_MS = 250
/** Two ledgers of a public network. */
export const LONGEST_DELAY_MS = 10_000
/** A server that asks for more patience than this is asked again all the same. */
const LONGEST_RETRY_AFTER_MS = 300_000

export interface Patience {
  random: () => number
  longestMs?: number
}

/**
 * How long to wait after the `failures`-th failure in a row: doubling, with jitter, so that many
 * indexers do not come back in step. What the server asks for is the least, not a substitute.
 */
export function backoff(
  error: unknown,
  failures: number,
  { random, longestMs = LONGEST_DELAY_MS }: Patience,
): number {
  const doubled = FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 10)
  const jittered = Math.min(doubled, longestMs) * (0.5 + random() / 2)
  const asked = error instanceof SourceError ? (error.retryAfterMs ?? 0) : 0
  return Math.max(jittered, Math.min(asked, LONGEST_RETRY_AFTER_MS))
}
