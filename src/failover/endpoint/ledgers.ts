import type { LedgerPoint } from '../../domain/ledger.ts'
import { firstLedgerOf, reachedLedger } from '../../source/page-start.ts'
import type { PageStart } from '../../source/source.ts'
import type { Tips } from '../tips.ts'

/** Which ledgers one endpoint has, according to its answers. */
export interface EndpointLedgers {
  /** Records the ledgers that an answer has named. */
  see(seen: SeenLedgers): void
  /** It was asked for a page from there and had not reached that ledger. */
  wasBehind(start: PageStart): void
  /** Whether it is known not to have the first ledger of such a page. */
  lacks(start: PageStart): boolean
  /** Whether its tip is so far behind the best one that it loses its place. */
  lags(): boolean
  latest(): number | null
  oldest(): number | null
}

export interface SeenLedgers {
  /** Undefined if the answer did not name it. */
  oldest: number | undefined
  tip: LedgerPoint
  /** The endpoint has the log's chain, so its tip counts for the tip of the network. */
  hasOurChain: boolean
}

export interface EndpointLedgersDeps {
  name: string
  tips: Tips
  now: () => number
}

/** An endpoint may be this many ledgers behind the best one and keep its place. */
const MAX_TIP_LAG = 10

export function createEndpointLedgers({ name, tips, now }: EndpointLedgersDeps): EndpointLedgers {
  let latest: number | null = null
  let oldest: number | null = null
  let lags = false
  /** It did not have this ledger when it was asked. Until it has it, others are asked first. */
  let awaited = 0

  return {
    see(seen) {
      oldest = seen.oldest ?? oldest
      latest = seen.tip.ledger
      if (seen.hasOurChain) tips.see({ endpoint: name, tip: seen.tip, now: now() })
      // Compared only when it answers: later, its last answer does not show how far it is.
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
