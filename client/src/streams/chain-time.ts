/** What time it is on the chain: the newest close time that is known, and the time since. */
export interface ChainTime {
  /** A ledger closed then, Unix seconds. */
  heard(closedAt: number): void
  /** Whole Unix seconds; 0 before anything was heard. */
  now(): number
}

export function createChainTime(): ChainTime {
  let base = 0
  /** When that was heard. The clock may be wrong; only differences count. */
  let heardAt = 0

  function now(): number {
    if (base === 0) return 0
    return base + Math.max(0, Math.floor((Date.now() - heardAt) / 1_000))
  }

  return {
    now,
    heard(closedAt) {
      // Time never goes back, and so an amount that accrues does not either.
      if (closedAt < now()) return
      base = closedAt
      heardAt = Date.now()
    },
  }
}
