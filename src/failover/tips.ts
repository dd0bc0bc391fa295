import type { LedgerPoint } from '../domain/ledger.ts'

/**
 * The newest ledger of the network, from the tips of its endpoints. A tip that is absurdly far
 * beyond the others is ignored: otherwise all the others would seem to be behind. Pure: times are
 * milliseconds of any clock.
 */
export interface Tips {
  /** Records the tip of an endpoint; it replaces the endpoint's earlier one. */
  see(seen: { endpoint: string; tip: LedgerPoint; now: number }): void
  /** Ignores the endpoint: it serves another network. */
  forget(endpoint: string): void
  /** The highest tip that is believable; 0 if none is known. */
  best(now: number): number
}

/** One endpoint may be this many ledgers ahead of all others without further evidence. */
const MAX_JUMP = 1_000
/** On every network, ledgers take longer than this to close. */
const MIN_LEDGER_SECONDS = 0.5
/** Older tips are ignored. */
const FORGOTTEN_MS = 60_000

interface Claim {
  tip: LedgerPoint
  at: number
  /** The endpoint's tip before this one was similar. */
  isRepeated: boolean
}

export function createTips(): Tips {
  const claims = new Map<string, Claim>()
  return {
    see({ endpoint, tip, now }) {
      const before = claims.get(endpoint)?.tip.ledger
      const isRepeated = before !== undefined && tip.ledger - before <= MAX_JUMP
      claims.set(endpoint, { tip, at: now, isRepeated })
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
