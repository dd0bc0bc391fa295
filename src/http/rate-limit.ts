/** How many requests an address has left, after it has sent one. */
export interface Rate {
  isOver: boolean
  perMinute: number
  remaining: number
  /** Whole seconds until the count starts again, at least 1. */
  resetSeconds: number
}

/**
 * Counts a request of an address; undefined if there is no limit. With several processes, one of
 * them counts for all.
 */
export type TakeRequest = (address: string) => Rate | undefined | Promise<Rate | undefined>

const WINDOW_MS = 60_000

/** One count per address, for the minute that begins with its first request. */
export function createRateLimit(
  perMinute: number,
  now: () => number = () => performance.now(),
): (address: string) => Rate | undefined {
  if (perMinute === 0) return () => undefined
  /** By address, in the order in which they began: the oldest come first. */
  const windows = new Map<string, { began: number; count: number }>()

  function forgetOld(time: number): void {
    for (const [address, { began }] of windows) {
      if (time - began < WINDOW_MS) return
      windows.delete(address)
    }
  }

  return (address) => {
    const time = now()
    forgetOld(time)
    let window = windows.get(address)
    if (window === undefined) {
      window = { began: time, count: 0 }
      windows.set(address, window)
    }
    window.count += 1
    return {
      isOver: window.count > perMinute,
      perMinute,
      remaining: Math.max(0, perMinute - window.count),
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
