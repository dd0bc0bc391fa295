/**
 * When to ask next at the tip. A ledger becomes visible at a steady beat that nobody announces, so
 * the beat is learnt from the answers: when each tip was first seen, between which two polls.
 * Each poll aims just after the next ledger is expected; one that comes too early is followed by
 * short, then longer steps. Pure: `now` is milliseconds of any clock.
 */
export interface Pace {
  /** Tells that an answer at `now` named this ledger as the tip. */
  observe(tipLedger: number, now: number): void
  /** Milliseconds until the next poll is worth its while. */
  delay(now: number): number
}

const MIN_PERIOD_MS = 20
const MAX_PERIOD_MS = 60_000
/** Until two ledgers have been seen to come there is no beat: ask soon, then less and less often. */
const FIRST_STEP_MS = 100
const STEP_GROWTH = 1.3
/** Ledgers that the period is measured over: their times vary by a second either way. */
const WINDOW = 12
/** Polls after the first that came too early, as shares of the period; the last one repeats. */
const RETRY_SHARES = [0.04, 0.06, 0.1, 0.2, 0.3, 0.5] as const
/**
 * A ledger that was there at the first poll was there for an unknown while: so much of the period
 * is assumed, which moves the aim earlier until a poll comes too early and brackets the moment.
 */
const UNSEEN_SHARE = 0.03
/** How far behind the expected moment to aim, as a share of the period. */
const AIM_SHARE = 0.01

interface Sighting {
  ledger: number
  /** Milliseconds. */
  at: number
}

export function createPace(): Pace {
  let tip: number | undefined
  const sightings: Sighting[] = []
  /** Polls since the tip moved that found it unmoved, and when the last of them was. */
  let misses = 0
  let missedAt: number | undefined

  function period(): number | undefined {
    const [first, last] = [sightings[0], sightings.at(-1)]
    if (first === undefined || last === undefined || first === last) return undefined
    return clamp((last.at - first.at) / (last.ledger - first.ledger))
  }

  /** When the new tip appeared, as far as the polls around it tell. */
  function appearedAt(now: number): number {
    if (missedAt !== undefined) return (missedAt + now) / 2
    return now - (period() ?? 0) * UNSEEN_SHARE
  }

  return {
    observe(tipLedger, now) {
      if (tip !== undefined && tipLedger <= tip) {
        misses += 1
        missedAt = now
        return
      }
      // The first answer tells nothing of when its ledger came.
      if (tip !== undefined) sightings.push({ ledger: tipLedger, at: appearedAt(now) })
      if (sightings.length > WINDOW) sightings.shift()
      tip = tipLedger
      misses = 0
      missedAt = undefined
    },

    delay(now) {
      const last = sightings.at(-1)
      const beat = period()
      if (beat === undefined || last === undefined)
        return clamp(FIRST_STEP_MS * STEP_GROWTH ** misses)
      const step = beat * RETRY_SHARES[Math.max(0, Math.min(misses, RETRY_SHARES.length) - 1)]!
      return misses > 0 ? step : Math.max(last.at + beat * (1 + AIM_SHARE) - now, step)
    },
  }
}

function clamp(period: number): number {
  return Math.min(Math.max(period, MIN_PERIOD_MS), MAX_PERIOD_MS)
}
