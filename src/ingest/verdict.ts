import { SourceError } from '../domain/errors.ts'

/**
 * What a failed step means. `retry`: wait and ask again, nothing is lost. `retention`: the ledgers
 * of our cursor are gone at the source; believed only once it has said so several times. `halt`:
 * not a fault of the source, so a broken promise of ours, which ends the process.
 */
export type Verdict = 'retry' | 'retention' | 'halt'

export function verdict(error: unknown): Verdict {
  if (!(error instanceof SourceError)) return 'halt'
  return error.fault === 'outside_retention' ? 'retention' : 'retry'
}

const FIRST_DELAY_MS = 250
const LONGEST_DELAY_MS = 30_000
/** A server that asks for more patience than this is asked again all the same. */
const LONGEST_RETRY_AFTER_MS = 300_000

/**
 * How long to wait after the `failures`-th failure in a row: doubling, with jitter, so that many
 * indexers do not come back in step. What the server asks for is the least, not a substitute.
 */
export function backoff(error: unknown, failures: number, random: () => number): number {
  const doubled = FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 10)
  const jittered = Math.min(doubled, LONGEST_DELAY_MS) * (0.5 + random() / 2)
  const asked = error instanceof SourceError ? (error.retryAfterMs ?? 0) : 0
  return Math.max(jittered, Math.min(asked, LONGEST_RETRY_AFTER_MS))
}
