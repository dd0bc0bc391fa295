import type { StreamRecord } from '../../domain/stream.ts'
import type { Sqlite } from '../sqlite.ts'
import type { Coverage } from './coverage.ts'

/** A stream's record, as read from the contract's storage on the chain. */
export interface ChainRecord {
  record: StreamRecord
  /** The last ledger that changed the record: it is the chain's state at the end of this ledger. */
  ledger: number
  /** The ledger at which the record was read. */
  readLedger: number
  /** As in `Stream`. */
  liveUntilLedger: number | null
}

/** The chain's records that the database holds beside the log. */
export interface Records {
  /** Whether the stream is in the database, or will be once the log reaches its record's ledger. */
  knows(streamId: bigint): boolean
  /** Whether the stream's record waits for the log to reach its ledger. */
  isWaiting(streamId: bigint): boolean
}

export function createRecords(sqlite: Sqlite, coverage: Coverage): Records {
  const ledgerOfRecord = sqlite
    .prepare<[string], number>('select ledger from chain_records where stream_id = ?')
    .pluck()
  const isStream = sqlite.prepare('select 1 from streams where stream_id = ?').pluck()

  return {
    knows(streamId) {
      const id = streamId.toString()
      return isStream.get(id) !== undefined || ledgerOfRecord.get(id) !== undefined
    },
    isWaiting(streamId) {
      const ledger = ledgerOfRecord.get(streamId.toString())
      return ledger !== undefined && ledger > coverage.scannedThrough()
    },
  }
}
