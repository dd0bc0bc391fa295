import type { LedgerPoint } from '../domain/ledger.ts'

/**
 * How far the network has come, from what its endpoints say. A tip that is absurdly far from the
 * others is not believed, or all the others would seem to be behind. Pure: times are milliseconds
 * of any clock.
 */
export interface Tips {
  /** What an endpoint has said of its newest ledger; only the last word of each counts. */
  see(endpoint: string, tip: LedgerPoint, now: number): void
  /** It is of another network. */
  forget(endpoint: string): void
  /** The highest tip that can be believed; 0: none is known. */
  best(now: number): number
}

/** Ledgers that one endpoint may be ahead of all others and be believed without any proof. */
const MAX_JUMP = 1_000
/** Ledgers close more slowly than this, whatever the network's setting. */
const MIN_LEDGER_SECONDS = 0.5
/** Nobody vouches for what an endpoint said so long ago. */
const FORGOTTEN_MS = 60_000

interface Claim {
  tip: LedgerPoint
  at: number
  /** The endpoint had said much the same before. */
  isRepeated: boolean
}

export function createTips(): Tips {
  const claims = new Map<string, Claim>()
  return {
    see(endpoint, tip, at) {
      const before = claims.get(endpoint)?.tip.ledger
      const isRepeated = before !== undefined && tip.ledger - before <= MAX_JUMP
      claims.set(endpoint, { tip, at, isRepeated })
    },
    forget: (endpoint) => void claims.delete(endpoint),
    best(now) {
      const recent = [...claims.values()]
        .filter(({ at }) => now - at < FORGOTTEN_MS)
        .toSorted((a, b) => b.tip.ledger - a.tip.ledger)
      const found = recent.find((claim, i) => isBelievable(claim, recent[i + 1]))
      return found?.tip.ledger ?? 0
    },
  }
}

/** Whether a claim fits the next lower one. */
function isBelievable({ tip, isRepeated }: Claim, next: Claim | undefined): boolean {
  if (next === undefined) return true
  const ahead = tip.ledger - next.tip.ledger
  if (ahead <= MAX_JUMP) return true
  if (tip.closedAt === undefined || next.tip.closedAt === undefined) return isRepeated
  return ahead * MIN_LEDGER_SECONDS <= tip.closedAt - next.tip.closedAt
}
