import type { Logger } from 'pino'
import { AUDIT_CLASSES } from '../domain/upstream.ts'
import type { AuditReport } from '../domain/upstream.ts'
import type { SharedStore } from '../store/store.ts'
import { auditStreams } from './compare.ts'
import type { AuditRow } from './judge.ts'
import { repair } from './repair.ts'
import type { RepairDeps } from './repair.ts'

export interface FullAuditDeps extends RepairDeps {
  log: Logger
  /** Called after each call to the source with what it found. */
  onFound(found: { drift: number; repaired: number }): void
}

/** The report lists at most so many streams in drift. */
const MAX_SHOWN = 100
/** A week at five seconds a ledger: enough time to extend the entry. */
const EXPIRY_WARNING_LEDGERS = 120_960

/** Compares every stream with the chain, and stores what the chain says where they differ. */
export async function auditAll(deps: FullAuditDeps, signal: AbortSignal): Promise<AuditReport> {
  const { store, log, onFound } = deps
  const report: AuditReport = {
    finishedAt: 0,
    ledger: 0,
    counts: Object.fromEntries(AUDIT_CLASSES.map((name) => [name, 0])) as AuditReport['counts'],
    repaired: 0,
    expiring: 0,
    drift: [],
  }
  for await (const rows of auditStreams(deps, 'all', signal)) {
    for (const row of rows) addRow(report, row)
    const drift = rows.filter((row) => row.class === 'drift')
    for (const { streamId, ledger, differences } of drift) {
      log.warn({ streamId: streamId.toString(), ledger, differences }, 'drift')
    }
    await storeLifetimes(store, rows)
    const repaired = await repair(store, rows)
    report.repaired += repaired
    onFound({ drift: drift.length, repaired })
  }
  report.finishedAt = Math.floor(Date.now() / 1_000)
  return report
}

function addRow(report: AuditReport, row: AuditRow): void {
  report.counts[row.class] += 1
  report.ledger = Math.max(report.ledger, row.ledger)
  if (isExpiring(row)) report.expiring += 1
  if (row.class === 'drift' && report.drift.length < MAX_SHOWN) report.drift.push(row)
}

/** Only active streams count: nothing will change the record of a stream that has ended. */
function isExpiring({ chain, liveUntilLedger, ledger }: AuditRow): boolean {
  if (liveUntilLedger === null || chain?.record.isActive !== true) return false
  return liveUntilLedger - ledger < EXPIRY_WARNING_LEDGERS
}

/** Writes only what has changed: most entries keep their lifetime from one audit to the next. */
async function storeLifetimes(
  { streams, writer }: SharedStore,
  rows: readonly AuditRow[],
): Promise<void> {
  const changed = rows.filter(
    ({ streamId, liveUntilLedger }) =>
      (streams.byId(streamId.toString())?.liveUntilLedger ?? null) !== liveUntilLedger,
  )
  if (changed.length > 0) await writer.setLifetimes(changed)
}
