import { setTimeout as sleep } from 'node:timers/promises'
import { SourceError } from '../domain/errors.ts'
import type { ChainRecord } from '../store/read/records.ts'
import type { WritableStore } from '../store/store.ts'
import { auditStreams } from './compare.ts'
import type { AuditDeps, AuditRow } from './compare.ts'
import { createChainReader, logBegan, MAX_ABSENT, portions, strangers } from './chain-reader.ts'

/** Reading from the chain what the log cannot tell: history before its first ledger, or lost. */

export interface RepairDeps extends AuditDeps {
  store: WritableStore
  /** How long to wait for the log, or for the source, to move on. */
  waitMs?: number
}

const WAIT_MS = 500

/**
 * Takes in the streams that were created before the log's first ledger and that nothing is known
 * of yet. Answers how many. Doing it again costs one call and changes nothing.
 */
export async function bootstrap(
  { source, store, contractId, pauseMs = 0 }: RepairDeps,
  signal: AbortSignal,
): Promise<number> {
  const reader = createChainReader(source, contractId)
  const counter = await reader.counter(signal)
  let bornBefore: bigint | undefined
  let taken = 0
  let absent = 0
  for (const ids of portions(strangers(counter, store.records.knows))) {
    bornBefore ??= await logBegan(source, store, signal)
    const { ledger, entries } = await reader.streams(ids, signal)
    if (ledger < store.coverage.lastHole()) {
      throw new SourceError('behind', `the source is at ledger ${ledger}, before the log`)
    }
    const records = [...entries.values()].flatMap(
      ({ content, lastModifiedLedger, liveUntilLedger }): ChainRecord[] => {
        if (content.kind === 'unreadable') return []
        const { record } = content
        // The log will tell of the later ones by itself.
        if (bornBefore !== undefined && record.startTime >= bornBefore) return []
        return [{ record, ledger: lastModifiedLedger, readLedger: ledger, liveUntilLedger }]
      },
    )
    if (records.length > 0) taken += store.writer.putRecords(records)
    absent = entries.size === 0 ? absent + ids.length : 0
    if (absent >= MAX_ABSENT) break
    if (pauseMs > 0) await sleep(pauseMs, undefined, { signal })
  }
  return taken
}

/** Whether the chain's record is to take the place of what is here, or is not. */
export function isRepairable(row: AuditRow): boolean {
  return row.class === 'drift' || row.class === 'before_log'
}

/**
 * Makes the chain's record the ground of every stream in drift or from before the log. Returns how
 * many streams were given it.
 */
export function repair(store: WritableStore, rows: readonly AuditRow[]): number {
  const records = rows.flatMap((row) => (isRepairable(row) ? (row.chain ?? []) : []))
  return records.length === 0 ? 0 : store.writer.putRecords(records)
}

/**
 * After ledgers were lost: reads every stream again and repairs what the lost events changed; then
 * the gaps count as repaired, though they stay gaps. Answers how many streams were repaired;
 * undefined when some could not be, and the gaps stay as they are.
 */
export async function repairGaps(
  deps: RepairDeps,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { store, waitMs = WAIT_MS } = deps
  const gaps = store.coverage.gaps().filter((gap) => !gap.repaired)
  let which: readonly bigint[] | 'all' = gaps.length === 0 ? [] : 'all'
  let taken = 0
  let hopeless = 0
  /** The log must come so far before every repair is in effect. */
  let reach = 0
  while (which.length > 0) {
    const again: bigint[] = []
    for await (const rows of auditStreams(deps, which, signal)) {
      const records: ChainRecord[] = []
      for (const row of rows) {
        const { chain, differences } = row
        if (row.waitsFor === 'source') again.push(row.streamId)
        else if (!isRepairable(row) && row.waitsFor !== 'log') continue
        else if (chain !== undefined) records.push(chain)
        // A record that is gone was archived long ago, and what is archived cannot have changed.
        else if (differences.some((each) => each.chain !== null)) hopeless += 1
      }
      if (records.length > 0) taken += store.writer.putRecords(records)
      reach = Math.max(reach, ...records.map(({ ledger }) => ledger))
    }
    which = again
    if (which.length > 0) await sleep(waitMs, undefined, { signal })
  }
  if (hopeless > 0) return undefined
  while (store.coverage.scannedThrough() < reach) await sleep(waitMs, undefined, { signal })
  for (const gap of gaps) store.writer.markRepaired(gap)
  return taken
}
