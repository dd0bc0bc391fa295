/**
 * New connections of an endpoint put its chain in doubt: another node may be behind the URL, and
 * after a reset of the network another chain. A check costs a whole ledger, megabytes on a busy
 * network, and some servers close every connection that rests for five seconds. So the first few
 * are checked at once, and after these one in a while; a doubt that has to wait is not lost.
 */
export interface ConnectionWatch {
  /** Whether the chain is in doubt now. `opened` counts the connections so far. */
  isDoubtful(opened: number): boolean
}

const AT_ONCE = 5
const THEN_EVERY_MS = 300_000

export function createConnectionWatch(now: () => number): ConnectionWatch {
  let known = 0
  let isWaiting = false
  let allowed = AT_ONCE
  let refilledAt = now()

  function refill(): void {
    const periods = Math.floor((now() - refilledAt) / THEN_EVERY_MS)
    if (periods === 0) return
    allowed = Math.min(AT_ONCE, allowed + periods)
    refilledAt += periods * THEN_EVERY_MS
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
