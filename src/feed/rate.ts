/** Counts over the last ten seconds, in buckets of one. */
export interface Rate {
  add(count: number, now: number): void
  perSecond(now: number): number
}

const SECONDS = 10

export function createRate(): Rate {
  const counts = Array.from({ length: SECONDS }, () => 0)
  let second = 0

  /** Empties the buckets of the seconds that have passed unseen. */
  function turn(now: number): void {
    const current = Math.floor(now / 1_000)
    for (let passed = Math.min(current - second, SECONDS); passed > 0; passed -= 1) {
      counts[(current - passed + 1) % SECONDS] = 0
    }
    second = current
  }

  return {
    add(count, now) {
      turn(now)
      const bucket = second % SECONDS
      counts[bucket] = (counts[bucket] ?? 0) + count
    },
    perSecond(now) {
      turn(now)
      return counts.reduce((sum, count) => sum + count, 0) / SECONDS
    },
  }
}
