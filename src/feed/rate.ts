/** How many per second, over the last ten seconds. */
export interface Rate {
  /** Times are milliseconds of a clock that never goes back. */
  add(count: number, now: number): void
  perSecond(now: number): number
}

const SECONDS = 10

export function createRate(): Rate {
  /** One count for each of the last ten seconds, in a circle. */
  const counts = Array.from({ length: SECONDS }, () => 0)
  let second = 0

  /** Moves on to the current second, and clears the counts of the seconds in between. */
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
      const current = second % SECONDS
      counts[current] = (counts[current] ?? 0) + count
    },
    perSecond(now) {
      turn(now)
      return counts.reduce((sum, count) => sum + count, 0) / SECONDS
    },
  }
}
