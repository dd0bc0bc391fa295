import { setTimeout as sleep } from 'node:timers/promises'
import { SourceError } from '../domain/errors.ts'
import type { ChainRecord } from '../store/read/records.ts'
import type { SharedStore } from '../store/store.ts'
import { auditStreams } from './compare.ts'
import type { AuditDeps } from './compare.ts'
import type { AuditRow } from './judge.ts'

export interface RepairDeps extends AuditDeps {
  store: SharedStore
  /** How long to wait until the log, or the source, may have reached a later ledger. */
  waitMs?: number
}

const WAIT_MS = 500

/** Whether the chain's record should replace the stream, or create it. */
export function isRepairable(row: AuditRow): boolean {
  return row.class === 'drift' || row.class === 'before_log'
}

/**
 * Stores the chain's record of each stream that is in drift or older than the log; later events
 * fold on it. Returns how many streams were repaired.
 */
export async function repair(store: SharedStore, rows: readonly AuditRow[]): Promise<number> {
  const records = rows.flatMap((row) => (isRepairable(row) ? (row.chain ?? []) : []))
  return records.length === 0 ? 0 : await store.writer.putRecords(records)
}

/**
 * Repairs what the events of lost ledgers changed: reads every stream from the chain. The gaps then
 * count as repaired, but they stay gaps. Returns how many streams were repaired. Throws SourceError
 * if a record cannot be read; the gaps then stay unrepaired.
 */
export async function repairGaps(deps: RepairDeps, signal: AbortSignal): Promise<number> {
  const { store, waitMs = WAIT_MS } = deps
  const gaps = store.coverage.gaps().filter((gap) => !gap.repaired)
  if (gaps.length === 0) return 0
  const { repaired, unreadable, newestLedger } = await replaceStreams(deps, signal)
  if (unreadable > 0) {
    throw new SourceError('refused', `${unreadable} records on the chain cannot be read`)
  }
  // A record takes effect when the log reaches its ledger.
  while (store.coverage.scannedThrough() < newestLedger) await sleep(waitMs, undefined, { signal })
  for (const gap of gaps) await store.writer.markRepaired(gap)
  return repaired
}

interface Replaced {
  repaired: number
  /** Records that cannot be read. */
  unreadable: number
  /** The newest ledger of a stored record. */
  newestLedger: number
}

/** Stores the chain's record of every stream that a lost event may have changed. */
async function replaceStreams(deps: RepairDeps, signal: AbortSignal): Promise<Replaced> {
  const { store, waitMs = WAIT_MS } = deps
  const total: Replaced = { repaired: 0, unreadable: 0, newestLedger: 0 }

  /** Returns the streams to ask for again, because the source was behind the log. */
  async function replace(which: readonly bigint[] | 'all'): Promise<bigint[]> {
    const again: bigint[] = []
    for await (const rows of auditStreams(deps, which, signal)) {
      again.push(...rows.filter(isSourceBehind).map(({ streamId }) => streamId))
      const changed = rows.filter(mayHaveChanged)
      const records = changed.flatMap(({ chain }): ChainRecord[] => (chain ? [chain] : []))
      if (records.length > 0) total.repaired += await store.writer.putRecords(records)
      total.unreadable += changed.filter(isUnreadable).length
      total.newestLedger = Math.max(total.newestLedger, ...records.map(({ ledger }) => ledger))
    }
    return again
  }

  let again = await replace('all')
  while (again.length > 0) {
    await sleep(waitMs, undefined, { signal })
    again = await replace(again)
  }
  return total
}

function isSourceBehind({ waitsFor }: AuditRow): boolean {
  return waitsFor === 'source'
}

/** A record that is newer than the log may hold changes of lost events too. */
function mayHaveChanged(row: AuditRow): boolean {
  return isRepairable(row) || row.waitsFor === 'log'
}

/** A record that is absent is not meant: it was archived, so no lost event has changed it. */
function isUnreadable({ chain, differences }: AuditRow): boolean {
  return chain === undefined && differences.some((each) => each.chain !== null)
}
