/**
 * A new connection puts the endpoint's chain in doubt: it may lead to another node, which may serve
 * another chain if the network has started over. But a check costs a whole ledger (megabytes on a
 * busy network), and some servers close every connection that is idle for five seconds. So the
 * first few new connections are checked at once, and later ones once in five minutes. A check that
 * has to wait is made later.
 */
export interface ConnectionWatch {
  /** Whether the chain must be checked now. `opened` counts the connections so far. */
  isDoubtful(opened: number): boolean
}

/** Checks that are allowed at once. */
const MAX_ALLOWED = 5
/** One more check is allowed after this time. */
const REFILL_MS = 300_000

export function createConnectionWatch(now: () => number): ConnectionWatch {
  let known = 0
  /** A new connection has not been checked yet. */
  let isWaiting = false
  let allowed = MAX_ALLOWED
  let refilledAt = now()

  function refill(): void {
    const periods = Math.floor((now() - refilledAt) / REFILL_MS)
    if (periods === 0) return
    allowed = Math.min(MAX_ALLOWED, allowed + periods)
    refilledAt += periods * REFILL_MS
  }

  return {
    isDoubtful(opened) {
      if (opened !== known) isWaiting = true
      known = opened
      refill()
      if (!isWaiting || allowed === 0) return false
      allowed -= 1
      isWaiting = false
      return true
    },
  }
}
