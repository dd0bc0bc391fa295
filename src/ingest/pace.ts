/**
 * When to ask next at the tip. A ledger becomes visible at a steady beat that nobody announces, so
 * the beat is learnt: the first answer's close times give the period, and every tip seen move
 * corrects period and phase. Each poll aims just after the next ledger is expected; one that comes
 * too early is followed by short, then longer steps. Pure: `now` is milliseconds of any clock.
 */
export interface Pace {
  /** Tells what an answer at `now` said of the tip; close times are Unix seconds. */
  observe(answer: TipAnswer, now: number): void
  /** Milliseconds until the next poll is worth its while. */
  delay(now: number): number
}

export interface TipAnswer {
  ledger: number
  closedAt: number | undefined
}

/** Until a ledger has been seen to come there is no beat: ask soon, then less and less often. */
const FIRST_STEP_MS = 100
const STEP_GROWTH = 1.3
const MIN_PERIOD_MS = 20
const MAX_PERIOD_MS = 60_000
/** Share of a newly measured period in the running one: ledgers vary by a second either way. */
const PERIOD_WEIGHT = 0.2
/** Polls after the first that came too early, as shares of the period; the last one repeats. */
const RETRY_SHARES = [0.04, 0.06, 0.1, 0.2, 0.3, 0.5] as const
/** How far behind the expected moment to aim, as a share of the period. */
const AIM_SHARE = 0.01

export function createPace(): Pace {
  let period: number | undefined
  let tip: (TipAnswer & { visibleAt: number }) | undefined
  /** Polls since the tip moved that found it unmoved, and when the last of them was. */
  let misses = 0
  let missedAt: number | undefined

  return {
    observe({ ledger, closedAt }, now) {
      if (tip !== undefined && ledger <= tip.ledger) {
        misses += 1
        missedAt = now
        return
      }
      // It appeared between the poll that missed it and this one.
      const visibleAt = missedAt === undefined ? now : (missedAt + now) / 2
      if (tip !== undefined) {
        const ledgers = ledger - tip.ledger
        const seen = (visibleAt - tip.visibleAt) / ledgers
        const told =
          closedAt === undefined || tip.closedAt === undefined
            ? seen
            : ((closedAt - tip.closedAt) * 1_000) / ledgers
        // Close times are whole seconds, and a replay runs faster than they say: what was seen is
        // believed, unless several ledgers at once show that nobody was looking.
        const sample = ledgers === 1 ? seen : Math.min(seen, told)
        period = clamp(period === undefined ? sample : period + (sample - period) * PERIOD_WEIGHT)
      }
      tip = { ledger, closedAt, visibleAt }
      misses = 0
      missedAt = undefined
    },
    delay(now) {
      if (tip === undefined) return 0
      if (period === undefined) return clamp(FIRST_STEP_MS * STEP_GROWTH ** misses)
      if (misses > 0) return period * RETRY_SHARES[Math.min(misses, RETRY_SHARES.length) - 1]!
      return Math.max(tip.visibleAt + period * (1 + AIM_SHARE) - now, period * RETRY_SHARES[0])
    },
  }
}

function clamp(period: number): number {
  return Math.min(Math.max(period, MIN_PERIOD_MS), MAX_PERIOD_MS)
}
