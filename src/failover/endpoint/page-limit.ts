import type { SourceError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'

/** The longest page that an endpoint can answer, learned from pages that were too long for it. */
export interface PageLimit {
  /** The limit to ask with, at most `wanted`. */
  of(wanted: number): number
  /** Learns from a fault of a page that was asked for with this limit. */
  learn(error: SourceError, limit: number): void
}

/** Pages are not halved below this size. */
const SMALLEST_PAGE = 50
/** After this time, pages may be as long as wanted again. */
const FORGOTTEN_MS = 600_000

export function createPageLimit(now: () => number): PageLimit {
  let longest = Number.POSITIVE_INFINITY
  let until = 0
  return {
    of: (wanted) => (now() < until ? Math.min(wanted, longest) : wanted),
    learn(error, limit) {
      const { askLess, cools } = REACTIONS[error.fault]
      if (askLess === undefined || cools) return
      const half = Math.max(Math.min(SMALLEST_PAGE, limit), Math.floor(limit / 2))
      longest = Math.max(1, error.limit ?? half)
      until = now() + FORGOTTEN_MS
    },
  }
}
