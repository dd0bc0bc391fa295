import { ORIGIN } from '../../domain/cursor.ts'
import type { ChainRecord } from '../read/records.ts'
import { raiseRevision } from '../revision.ts'
import type { Sqlite } from '../sqlite.ts'
import type { Correct } from './corrections.ts'
import type { RecordTable } from './records.ts'
import type { Refold } from './refold.ts'

export interface Lifetime {
  streamId: bigint
  /** As in `Stream`. */
  liveUntilLedger: number | null
}

/** Stores what was read from the chain, in the caller's transaction. */
export interface PutRecords {
  /** Skips records that were read before the stored ones; returns how many were not skipped. */
  records(given: readonly ChainRecord[]): number
  lifetimes(given: readonly Lifetime[]): void
}

export function createPutRecords({
  sqlite,
  records,
  refold,
  correct,
}: {
  sqlite: Sqlite
  records: RecordTable
  refold: Refold
  correct: Correct
}): PutRecords {
  const setLifetime = sqlite.prepare('update streams set live_until_ledger = ? where stream_id = ?')

  function put({ liveUntilLedger, ...record }: ChainRecord): boolean {
    const { streamId } = record.record
    const stored = records.get(streamId)
    // A node that lags shows the past.
    if (stored !== undefined && stored.readLedger > record.readLedger) return false
    records.put(record)
    refold.stream(streamId)
    setLifetime.run(liveUntilLedger, streamId.toString())
    return true
  }

  return {
    records(given) {
      const taken = given.filter(put).length
      if (taken > 0) {
        raiseRevision(sqlite)
        correct(ORIGIN)
      }
      return taken
    },
    lifetimes(given) {
      for (const { streamId, liveUntilLedger } of given) {
        setLifetime.run(liveUntilLedger, streamId.toString())
      }
    },
  }
}
