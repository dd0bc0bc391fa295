import type { Logger } from 'pino'
import type { LedgerPage } from '../source/source.ts'

/** The runway as a share of the ledgers that the source keeps: below it, a warning is logged. */
const WARN_BELOW = 0.25
/** Above it, the warning is over. */
const WELL_ABOVE = 0.5

/** Warns if the source will soon drop ledgers that are not indexed yet: once, then at each half. */
export function createRunwayWatch(
  log: Logger,
): (ledger: number, page: Pick<LedgerPage, 'tip' | 'oldest'>) => void {
  /** The share at the last warning: the next comes when half of it is gone. */
  let warnedAt: number | undefined
  let runwayBefore = 0

  return (ledger, { tip, oldest }) => {
    if (oldest === undefined || tip.ledger <= oldest.ledger) return
    const runwayLedgers = ledger - oldest.ledger
    // While the log catches up from the oldest ledger, the runway is short but grows.
    const shrinks = runwayLedgers < runwayBefore
    runwayBefore = runwayLedgers
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
