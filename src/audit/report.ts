import { AUDIT_CLASSES } from '../domain/upstream.ts'
import type { AuditReport } from '../domain/upstream.ts'
import type { AuditRow } from './judge.ts'

/** The report holds at most so many streams in drift. */
const MAX_SHOWN = 100
/** A week at five seconds a ledger: enough time to extend the entry. */
const EXPIRY_WARNING_LEDGERS = 120_960

export function emptyReport(): AuditReport {
  return {
    finishedAt: 0,
    ledger: 0,
    counts: Object.fromEntries(AUDIT_CLASSES.map((name) => [name, 0])) as AuditReport['counts'],
    repaired: 0,
    expiring: 0,
    drift: [],
  }
}

export function addRow(report: AuditReport, row: AuditRow): void {
  report.counts[row.class] += 1
  report.ledger = Math.max(report.ledger, row.ledger)
  if (isExpiring(row)) report.expiring += 1
  if (row.class === 'drift' && report.drift.length < MAX_SHOWN) report.drift.push(row)
}

/** Only active streams count: nobody needs the record of one that has ended. */
function isExpiring({ chain, liveUntilLedger, ledger }: AuditRow): boolean {
  if (liveUntilLedger === null || chain?.record.isActive !== true) return false
  return liveUntilLedger - ledger < EXPIRY_WARNING_LEDGERS
}
