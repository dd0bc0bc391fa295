import type { Logger } from 'pino'
import type { LedgerPoint } from '../domain/ledger.ts'

/** Below this share of what the source keeps, a warning is logged. */
const WARN_BELOW = 0.25
/** Above this share the warning is over. */
const WELL_ABOVE = 0.5

/** Warns, once each time, when the source will soon drop ledgers that are not indexed yet. */
export function createRunwayWatch(
  log: Logger,
): (ledger: number, tip: LedgerPoint, oldest: LedgerPoint | undefined) => void {
  /** Warned again when half of that is gone. */
  let warnedAt: number | undefined
  let before = 0

  return (ledger, tip, oldest) => {
    if (oldest === undefined || tip.ledger <= oldest.ledger) return
    const runwayLedgers = ledger - oldest.ledger
    // A runway that grows, as in catching up from the oldest ledger, is not warned about.
    const shrinks = runwayLedgers < before
    before = runwayLedgers
    const share = runwayLedgers / (tip.ledger - oldest.ledger)
    const fields = { runwayLedgers, lagLedgers: tip.ledger - ledger, oldestLedger: oldest.ledger }
    if (share >= WELL_ABOVE) {
      if (warnedAt !== undefined) log.info(fields, 'runway recovered')
      warnedAt = undefined
    } else if (shrinks && share < WARN_BELOW && (warnedAt === undefined || share < warnedAt / 2)) {
      warnedAt = share
      log.warn(fields, 'RPC retention will soon drop ledgers that are not indexed yet')
    }
  }
}
