/**
 * When to poll next at the tip. Ledgers close at a steady period that no RPC names, so it is learnt
 * from the answers: between which two polls did each new tip appear? The first poll for a ledger
 * comes just before it is expected and the second just after. So the ledger appears between the
 * two, which corrects the next expectation. Later polls come at longer and longer intervals. Pure:
 * `now` is milliseconds of any clock.
 */
export interface Pace {
  /**
   * An answer came at `now`. If it brought ledgers, as in a backfill, it does not count as a poll
   * that came too early.
   */
  observe(now: number, answer: { tipLedger: number; broughtLedgers: boolean }): void
  /** Milliseconds until the next poll. */
  delay(now: number): number
  /** The longest wait after a failure: about two ledgers. */
  patienceMs(): number
}

const MIN_PERIOD_MS = 20
const MAX_PERIOD_MS = 60_000
/** About two ledgers of a public network: if ledgers stop, we still see soon when they go on. */
const LONGEST_STEP_MS = 10_000
const SHORTEST_PATIENCE_MS = 1_000
const PATIENCE_LEDGERS = 2
/** Until two new ledgers were seen the period is unknown: poll soon, then less and less often. */
const FIRST_STEP_MS = 100
const STEP_GROWTH = 1.3
/** The period is the average of this many intervals. */
const WINDOW = 12
/** An interval that differs from the median by more than this share of it does not count. */
const USUAL_SHARE = 0.1
/** How long before the expected moment the first poll comes, as a share of the period. */
const EARLY_SHARE = 0.02
/** Delays after polls that came too early, as shares of the period; the last one repeats. */
const RETRY_SHARES = [0.03, 0.05, 0.08, 0.15, 0.25, 0.3, 0.5] as const
/** The shortest delay after a new ledger, if the next one is already overdue. */
const LEAST_SHARE = 0.04
/**
 * If a ledger was there at the first poll, its age is unknown. This share of the period is
 * assumed, and twice as much each further time, until a poll comes too early again.
 */
const UNSEEN_SHARE = 0.03
const LONGEST_UNSEEN_SHARE = 0.3

export function createPace(): Pace {
  let tip: number | undefined
  /** When the tip appeared: an estimate from the polls before and after. */
  let appearedAt: number | undefined
  const intervals: number[] = []
  /** Polls since the tip moved that came too early, and when the last of them was. */
  let misses = 0
  let missedAt: number | undefined
  /** Ledgers in a row that were there at the first poll. */
  let unseen = 0

  function averagePeriod(): number | undefined {
    if (intervals.length === 0) return undefined
    const median = intervals.toSorted((a, b) => a - b)[(intervals.length - 1) >> 1]!
    const near = intervals.filter((each) => Math.abs(each - median) <= median * USUAL_SHARE)
    return clamp(near.reduce((sum, each) => sum + each, 0) / near.length)
  }

  function tipMoved(ledgers: number, now: number): void {
    const period = averagePeriod()
    const before = appearedAt
    if (missedAt === undefined) {
      const share = Math.min(UNSEEN_SHARE * 2 ** unseen, LONGEST_UNSEEN_SHARE)
      appearedAt = Math.max(now - (period ?? 0) * share, before ?? Number.NEGATIVE_INFINITY)
      unseen += 1
    } else {
      // The ledger appeared between the two polls; the expectation is the best guess in there.
      const expected =
        before === undefined || period === undefined
          ? (missedAt + now) / 2
          : before + period * ledgers
      appearedAt = Math.min(Math.max(expected, missedAt), now)
      unseen = 0
    }
    if (before !== undefined) intervals.push((appearedAt - before) / ledgers)
    if (intervals.length > WINDOW) intervals.shift()
  }

  return {
    observe(now, { tipLedger, broughtLedgers }) {
      if (tip !== undefined && tipLedger <= tip) {
        if (!broughtLedgers) misses += 1
        missedAt = now
        return
      }
      // When the ledger of the first answer appeared is unknown.
      if (tip !== undefined) tipMoved(tipLedger - tip, now)
      tip = tipLedger
      misses = 0
      missedAt = undefined
    },

    delay(now) {
      const period = averagePeriod()
      if (period === undefined || appearedAt === undefined) {
        return Math.min(FIRST_STEP_MS * STEP_GROWTH ** misses, LONGEST_STEP_MS)
      }
      if (misses > 0) return period * RETRY_SHARES[Math.min(misses, RETRY_SHARES.length) - 1]!
      return Math.max(appearedAt + period * (1 - EARLY_SHARE) - now, period * LEAST_SHARE)
    },

    patienceMs() {
      const ledgers = (averagePeriod() ?? LONGEST_STEP_MS) * PATIENCE_LEDGERS
      return Math.min(Math.max(ledgers, SHORTEST_PATIENCE_MS), LONGEST_STEP_MS)
    },
  }
}

function clamp(period: number): number {
  return Math.min(Math.max(period, MIN_PERIOD_MS), MAX_PERIOD_MS)
}
