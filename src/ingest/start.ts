import { SourceError, UsageError } from '../domain/errors.ts'
import type { LedgerSource } from '../source/source.ts'

/** Where a log that has no checkpoint yet begins. */
export type StartLedger = number | 'oldest' | 'latest'

/** The first ledger of a new log. Throws UsageError if no RPC has the ledger that is configured. */
export async function findStartLedger(
  source: LedgerSource,
  startLedger: StartLedger,
  signal: AbortSignal,
): Promise<number> {
  const { oldest, latest } = await source.extent(signal)
  if (startLedger === 'oldest') return oldest
  if (startLedger === 'latest') return latest
  if (startLedger < oldest) {
    throw new UsageError(
      `START_LEDGER is ${startLedger}, but the oldest ledger that any RPC still has is ${oldest}: set START_LEDGER to that number or a later one, or to "oldest"`,
    )
  }
  if (startLedger > latest) {
    throw new SourceError('behind', `START_LEDGER is ${startLedger}, which has not closed yet`)
  }
  return startLedger
}
