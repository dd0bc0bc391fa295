/** How many requests an address has left, after it has sent one. */
export interface Rate {
  isOver: boolean
  perMinute: number
  remaining: number
  /** Whole seconds until the count starts again, at least 1. */
  resetSeconds: number
}

/** FlowFi's front end reloads its lists at every event, so its API has a budget of its own. */
export const BUDGETS = { rest: 1, v1: 10 } as const
export type Budget = keyof typeof BUDGETS

/**
 * Counts a request of an address; undefined if there is no limit. With several processes, one of
 * them counts for all.
 */
export type TakeRequest = (
  address: string,
  budget: Budget,
) => Rate | undefined | Promise<Rate | undefined>

const WINDOW_MS = 60_000

/** One count per address and budget, for the minute that begins with its first request. */
export function createRateLimit(
  perMinute: number,
  now: () => number = () => performance.now(),
): (address: string, budget?: Budget) => Rate | undefined {
  if (perMinute === 0) return () => undefined
  /** By budget and address, in the order in which they began: the oldest come first. */
  const windows = new Map<string, { began: number; count: number }>()

  function forgetOld(time: number): void {
    for (const [address, { began }] of windows) {
      if (time - began < WINDOW_MS) return
      windows.delete(address)
    }
  }

  return (address, budget = 'rest') => {
    const time = now()
    forgetOld(time)
    const key = `${budget} ${address}`
    let window = windows.get(key)
    if (window === undefined) {
      window = { began: time, count: 0 }
      windows.set(key, window)
    }
    window.count += 1
    const most = perMinute * BUDGETS[budget]
    return {
      isOver: window.count > most,
      perMinute: most,
      remaining: Math.max(0, most - window.count),
      resetSeconds: Math.max(1, Math.ceil((window.began + WINDOW_MS - time) / 1_000)),
    }
  }
}

/** The headers of the IETF draft "RateLimit header fields for HTTP". */
export function rateHeaders({ perMinute, remaining, resetSeconds }: Rate): [string, string][] {
  return [
    ['RateLimit-Policy', `"requests";q=${perMinute};w=${WINDOW_MS / 1_000}`],
    ['RateLimit', `"requests";r=${remaining};t=${resetSeconds}`],
  ]
}
