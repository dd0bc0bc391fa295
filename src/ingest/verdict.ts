import { SourceError } from '../domain/errors.ts'
import { REACTIONS } from '../domain/faults.ts'

/**
 * What the error of a failed step means:
 *
 * - `retry`: wait and ask again, nothing is lost
 * - `lost`: the ledgers after the cursor are gone at every endpoint, by the rule of promise P3
 * - `halt`: not a fault of the source, so a bug or a failing disk: the process ends (promise P9)
 */
export type Verdict = 'retry' | 'lost' | 'halt'

export function verdict(error: unknown): Verdict {
  if (!(error instanceof SourceError)) return 'halt'
  return REACTIONS[error.fault].countsTowardsGap && error.confirmed ? 'lost' : 'retry'
}
