import { ledgerOf } from '../domain/cursor.ts'
import type { LedgerPoint } from '../domain/ledger.ts'
import type { LedgerPage } from '../source/source.ts'

/**
 * Which tip to believe. One answer may name any number, and lag, readiness and the end of a gap are
 * measured by it. A tip that is far ahead is believed only when as much ledger time has passed; one
 * that was believed by mistake is given up once several answers in a row are far below it.
 */
export type TipJudge = (page: Pick<LedgerPage, 'cursor' | 'closedAt' | 'tip'>) => LedgerPoint

/** A jump up to here is believed whatever the time says. */
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

function isPossible(from: LedgerPoint, to: LedgerPoint): boolean {
  const ledgers = to.ledger - from.ledger
  if (ledgers <= NEAR_AHEAD_LEDGERS) return true
  // Servers that do not tell times are taken at their word; a later answer may lower it.
  if (from.closedAt === undefined || to.closedAt === undefined) return true
  return to.closedAt - from.closedAt >= ledgers * LEAST_SECONDS_PER_LEDGER
}
