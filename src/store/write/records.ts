import { endOfLedger } from '../../domain/cursor.ts'
import type { Stream } from '../../domain/stream.ts'
import {
  basedOn,
  createRecordReader,
  encodeRecord,
  NO_FACTS,
  withEvent,
} from '../read/chain-records.ts'
import type { EventFacts, StoredRecord } from '../read/chain-records.ts'
import type { Sqlite } from '../sqlite.ts'

/**
 * Records of the chain, for streams whose events the log does not have completely. A record is the
 * stream's state at the end of `ledger`, the last one that changed it: it includes the events up to
 * that ledger, and later events fold on it. So one rule gives the projection, in whatever order
 * events and records arrive: fold the stream's events up to `ledger`, replace the result by the
 * record, fold the rest. A record waits until the log is complete through `ledger`, so that a row
 * is never ahead of the checkpoint.
 */
export interface RecordTable {
  get(streamId: bigint): StoredRecord | undefined
  put(record: StoredRecord): void
  /** Streams whose record's ledger is after the first ledger and not after the second. */
  between(after: number, through: number): bigint[]
  /** The record as a stream. `stream` is what the events up to the record's ledger gave. */
  toStream(record: StoredRecord, stream: Stream | undefined): Stream
}

export function createRecordTable(sqlite: Sqlite): RecordTable {
  const upsert = sqlite.prepare(
    'insert or replace into chain_records (stream_id, ledger, read_ledger, record) values (?, ?, ?, ?)',
  )
  const between = sqlite
    .prepare<[number, number], string>(
      'select stream_id from chain_records where ledger > ? and ledger <= ?',
    )
    .pluck()
  const factsOf = createEventFacts(sqlite)

  return {
    get: createRecordReader(sqlite),
    put({ record, ledger, readLedger }) {
      upsert.run(record.streamId.toString(), ledger, readLedger, encodeRecord(record))
    },
    between: (after, through) => between.all(after, through).map(BigInt),
    toStream(stored, stream) {
      const { record, ledger } = stored
      return basedOn(stored, stream, () => factsOf(record.streamId, ledger))
    },
  }
}

interface LoggedEvent {
  id: string
  type: string
  timestamp: number
}

/** Reads what the stream's events up to a ledger say and its record does not. */
function createEventFacts(sqlite: Sqlite): (streamId: bigint, ledger: number) => EventFacts {
  const select = sqlite.prepare<[string, string], LoggedEvent>(
    `select id, type, data ->> 'timestamp' as timestamp from events
     where stream_id = ? and id <= ? and type <> 'stream.fee_collected' order by id`,
  )
  return (streamId, ledger) =>
    select.all(streamId.toString(), endOfLedger(ledger)).reduce(withEvent, NO_FACTS)
}
