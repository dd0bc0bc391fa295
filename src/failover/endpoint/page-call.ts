import { SourceError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'
import { checkedPage, firstLedgerOf } from '../../source/page-start.ts'
import type { LedgerPage, LedgerSource, PageStart } from '../../source/source.ts'
import type { Timers } from '../timers.ts'
import type { Call } from './calls.ts'
import { createPageLimit } from './page-limit.ts'
import type { RetentionEvidence } from './retention.ts'

/** One call for a page, and what its outcome says about the endpoint's pages. */
export interface PageCall {
  /** Asks for at most `wanted` events, and for fewer if the endpoint cannot answer as many. */
  attempt(start: PageStart, wanted: number, signal: AbortSignal): Promise<LedgerPage>
  /** Milliseconds that a page may take: a few times as long as usual, and at least `floorMs`. */
  patienceMs(floorMs: number): number
}

export interface PageCallDeps {
  source: LedgerSource
  evidence: RetentionEvidence
  timers: Timers
  call: Call
}

/** A page may take this many times as long as usual. */
const PATIENCE_FACTOR = 3
/** Weight of the newest page in the moving average. */
const NEWEST_WEIGHT = 0.2

export function createPageCall({ source, evidence, timers, call }: PageCallDeps): PageCall {
  const { now } = timers
  const pageLimit = createPageLimit(now)
  /** Moving average of the time for one page. */
  let usualMs = 0

  return {
    async attempt(start, wanted, signal) {
      const began = now()
      const limit = pageLimit.of(wanted)
      try {
        const page = await call(
          async (ending) => checkedPage(await source.page(start, limit, ending), start),
          signal,
        )
        const tookMs = now() - began
        usualMs = usualMs === 0 ? tookMs : usualMs + (tookMs - usualMs) * NEWEST_WEIGHT
        evidence.ledgerShown(page.oldest?.ledger ?? firstLedgerOf(start))
        return page
      } catch (error) {
        if (!signal.aborted && error instanceof SourceError) {
          const { range } = error
          pageLimit.learn(error, limit)
          if (range !== undefined && !isOutside(error)) evidence.ledgerShown(range.oldest)
        }
        throw error
      }
    },
    patienceMs: (floorMs) => Math.max(floorMs, usualMs * PATIENCE_FACTOR),
  }
}

/** The endpoint no longer has the ledgers. */
export function isOutside(error: unknown): error is SourceError {
  return error instanceof SourceError && REACTIONS[error.fault].countsTowardsGap
}
