import { firstLedgerOf, reachedLedger } from '../../source/page-start.ts'
import type { LedgerPoint } from '../../domain/ledger.ts'
import type { PageStart } from '../../source/source.ts'
import type { Tips } from '../tips.ts'

/** Which ledgers one endpoint has, as far as its answers have told. */
export interface EndpointLedgers {
  /** An answer named them. `counts`: the endpoint has the log's chain, so others are compared with its tip. */
  see(oldest: number | undefined, tip: LedgerPoint, counts: boolean): void
  /** It was asked for a page from there, and had not come so far. */
  wasBehind(start: PageStart): void
  /** Whether it is known not to have the ledger that a page would start in. */
  lacks(start: PageStart): boolean
  /** Whether its tip is further behind the best one than that of an endpoint in use may be. */
  lags(): boolean
  latest(): number | null
  oldest(): number | null
}

/** Ledgers that an endpoint may be behind the best one and keep its place. */
const MAX_TIP_LAG = 10

export function createEndpointLedgers(
  name: string,
  tips: Tips,
  now: () => number,
): EndpointLedgers {
  let latest: number | null = null
  let oldest: number | null = null
  let lags = false
  /** It was behind when it was asked for this ledger; until it is seen to have it, others go first. */
  let awaited = 0

  return {
    see(oldestSeen, tip, counts) {
      oldest = oldestSeen ?? oldest
      latest = tip.ledger
      if (counts) tips.see(name, tip, now())
      // Compared when it answers: what it said earlier says nothing about how far it is now.
      lags = tips.best(now()) - latest > MAX_TIP_LAG
      if (latest >= awaited) awaited = 0
    },
    wasBehind(start) {
      awaited = Math.max(reachedLedger(start), (latest ?? 0) + 1)
    },
    lacks(start) {
      if (awaited > 0 && reachedLedger(start) >= awaited) return true
      return oldest !== null && firstLedgerOf(start) < oldest
    },
    lags: () => lags,
    latest: () => latest,
    oldest: () => oldest,
  }
}
