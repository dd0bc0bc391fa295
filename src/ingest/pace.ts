/**
 * When to ask next at the tip. A ledger becomes visible at a beat that nobody announces, so the
 * beat is learnt from the answers: when each tip was first seen, between which two polls. The first
 * poll for a ledger comes on purpose just before it is expected and the second just after, so that
 * the moment lies between two polls and the aim is corrected by each ledger; then steps get longer.
 * Pure: `now` is milliseconds of any clock.
 */
export interface Pace {
  /**
   * Tells that an answer at `now` named this ledger as the tip. Only a poll at the tip can be in
   * vain: an answer that brought ledgers, as in a backfill, is none of them.
   */
  observe(tipLedger: number, now: number, broughtLedgers: boolean): void
  /** Milliseconds until the next poll is worth its while. */
  delay(now: number): number
  /** The longest wait for a source that fails: the next ledgers should not be missed for longer. */
  patienceMs(): number
}

const MIN_PERIOD_MS = 20
const MAX_PERIOD_MS = 60_000
/** Without a beat: about two ledgers of a public network, so that one that starts again is seen. */
const LONGEST_STEP_MS = 10_000
const SHORTEST_PATIENCE_MS = 1_000
const PATIENCE_LEDGERS = 2
/** Until two ledgers have been seen to come there is no beat: ask soon, then less and less often. */
const FIRST_STEP_MS = 100
const STEP_GROWTH = 1.3
/** Intervals that the period is made of. */
const WINDOW = 12
/** One that differs from the usual by more, as a share of it, was an exception and not the beat. */
const USUAL_SHARE = 0.1
/** How far before the expected moment the first poll comes, as a share of the period. */
const EARLY_SHARE = 0.02
/** Polls after the first that came too early, as shares of the period; the last one repeats. */
const RETRY_SHARES = [0.03, 0.05, 0.08, 0.15, 0.25, 0.3, 0.5] as const
/** From one ledger to the poll that follows it at once, where the next is expected already. */
const LEAST_SHARE = 0.04
/**
 * A ledger that was there at the first poll was there for an unknown while: so much of the period
 * is assumed, and twice as much each time again, up to the longest, until a poll comes too early.
 */
const UNSEEN_SHARE = 0.03
const LONGEST_UNSEEN_SHARE = 0.3

export function createPace(): Pace {
  let tip: number | undefined
  /** When the tip appeared, as far as the polls around it tell. */
  let appearedAt: number | undefined
  const intervals: number[] = []
  /** Polls since the tip moved that found it unmoved, and when the last of them was. */
  let misses = 0
  let missedAt: number | undefined
  /** Ledgers in a row that were there at the first poll. */
  let unseen = 0

  function period(): number | undefined {
    if (intervals.length === 0) return undefined
    const usual = intervals.toSorted((a, b) => a - b)[(intervals.length - 1) >> 1]!
    const near = intervals.filter((each) => Math.abs(each - usual) <= usual * USUAL_SHARE)
    return clamp(near.reduce((sum, each) => sum + each, 0) / near.length)
  }

  function moved(ledgers: number, now: number): void {
    const beat = period()
    const before = appearedAt
    if (missedAt === undefined) {
      const share = Math.min(UNSEEN_SHARE * 2 ** unseen, LONGEST_UNSEEN_SHARE)
      appearedAt = Math.max(now - (beat ?? 0) * share, before ?? Number.NEGATIVE_INFINITY)
      unseen += 1
    } else {
      // An expectation that lies between the two polls is as good as anything they tell.
      const expected =
        before === undefined || beat === undefined ? (missedAt + now) / 2 : before + beat * ledgers
      appearedAt = Math.min(Math.max(expected, missedAt), now)
      unseen = 0
    }
    if (before !== undefined) intervals.push((appearedAt - before) / ledgers)
    if (intervals.length > WINDOW) intervals.shift()
  }

  return {
    observe(tipLedger, now, broughtLedgers) {
      if (tip !== undefined && tipLedger <= tip) {
        if (!broughtLedgers) misses += 1
        missedAt = now
        return
      }
      // The first answer tells nothing of when its ledger came.
      if (tip !== undefined) moved(tipLedger - tip, now)
      tip = tipLedger
      misses = 0
      missedAt = undefined
    },

    delay(now) {
      const beat = period()
      if (beat === undefined || appearedAt === undefined) {
        return Math.min(FIRST_STEP_MS * STEP_GROWTH ** misses, LONGEST_STEP_MS)
      }
      if (misses > 0) return beat * RETRY_SHARES[Math.min(misses, RETRY_SHARES.length) - 1]!
      return Math.max(appearedAt + beat * (1 - EARLY_SHARE) - now, beat * LEAST_SHARE)
    },

    patienceMs() {
      const ledgers = (period() ?? LONGEST_STEP_MS) * PATIENCE_LEDGERS
      return Math.min(Math.max(ledgers, SHORTEST_PATIENCE_MS), LONGEST_STEP_MS)
    },
  }
}

function clamp(period: number): number {
  return Math.min(Math.max(period, MIN_PERIOD_MS), MAX_PERIOD_MS)
}
