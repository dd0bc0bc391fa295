import { ledgerOf } from '../domain/cursor.ts'
import type { LedgerPoint } from '../domain/ledger.ts'
import type { LedgerPage, LedgerSource } from '../source/source.ts'
import type { Coverage } from '../store/read/coverage.ts'

/**
 * Decides which tip to believe. An RPC can name any number as its tip, but lag, readiness and the
 * end of a gap are measured by it. A tip far ahead is believed only if enough ledger time has
 * passed. A wrong tip that was believed is given up when several answers in a row are far below it.
 */
export type TipJudge = (page: Pick<LedgerPage, 'cursor' | 'closedAt' | 'tip'>) => LedgerPoint

/** A jump of at most this size is believed whatever the times are. */
const NEAR_AHEAD_LEDGERS = 1_000
/** No network closes ledgers faster. */
const LEAST_SECONDS_PER_LEDGER = 0.2
/** Replicas of one network may be this far behind each other. */
const NEAR_BELOW_LEDGERS = 10
const ANSWERS_TO_LOWER = 3

/** `believed` is the tip as it was last known. */
export function createTipJudge(believed: LedgerPoint | undefined): TipJudge {
  let lowerAnswers = 0

  return ({ cursor, closedAt, tip }) => {
    const reached = { ledger: ledgerOf(cursor), closedAt }
    const known = believed === undefined || believed.ledger < reached.ledger ? reached : believed
    const isLower = tip.ledger < known.ledger - NEAR_BELOW_LEDGERS
    lowerAnswers = isLower ? lowerAnswers + 1 : 0
    if (lowerAnswers >= ANSWERS_TO_LOWER) believed = tip
    else believed = tip.ledger > known.ledger && isPossible(known, tip) ? tip : known
    return believed
  }
}

/** The same source; its pages carry the tip that is believed instead of the one it names. */
export function withBelievedTip(source: LedgerSource, coverage: Coverage): LedgerSource {
  const judgeTip = createTipJudge(lastKnownTip(coverage))
  return {
    ...source,
    async page(start, limit, signal) {
      const page = await source.page(start, limit, signal)
      return { ...page, tip: judgeTip(page) }
    },
  }
}

function lastKnownTip(coverage: Coverage): LedgerPoint | undefined {
  const checkpoint = coverage.checkpoint()
  if (checkpoint === undefined) return undefined
  return { ledger: checkpoint.tipLedger, closedAt: checkpoint.tipClosedAt ?? undefined }
}

function isPossible(from: LedgerPoint, to: LedgerPoint): boolean {
  const ledgers = to.ledger - from.ledger
  if (ledgers <= NEAR_AHEAD_LEDGERS) return true
  // Without times the tip cannot be checked. If it is wrong, later answers lower it again.
  if (from.closedAt === undefined || to.closedAt === undefined) return true
  return to.closedAt - from.closedAt >= ledgers * LEAST_SECONDS_PER_LEDGER
}
