import { endOfLedger, ledgerOf } from '../../domain/cursor.ts'
import { RECORD_FIELDS } from '../../domain/stream.ts'
import type { Stream, StreamRecord } from '../../domain/stream.ts'
import type { ChainRecord } from '../read/records.ts'
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

/** `liveUntilLedger` belongs to the stream's row. */
export type StoredRecord = Omit<ChainRecord, 'liveUntilLedger'>

export function createRecordTable(sqlite: Sqlite): RecordTable {
  const select = sqlite.prepare<[string], Row>(
    'select ledger, read_ledger as readLedger, record from chain_records where stream_id = ?',
  )
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
    get(streamId) {
      const row = select.get(streamId.toString())
      return row && { ...row, record: decodeRecord(row.record) }
    },
    put({ record, ledger, readLedger }) {
      upsert.run(record.streamId.toString(), ledger, readLedger, encodeRecord(record))
    },
    between: (after, through) => between.all(after, through).map(BigInt),
    toStream({ record, ledger }, stream) {
      // The events gave the same, and they say more than the record.
      if (stream !== undefined && RECORD_FIELDS.every((name) => stream[name] === record[name])) {
        return stream
      }
      const { createdLedger, ended, endedAt, lastEventId } = factsOf(record.streamId, ledger)
      return {
        ...record,
        ended: record.isActive ? null : (ended ?? endOf(record)),
        endedAt: record.isActive ? null : endedAt,
        createdLedger,
        updatedLedger: ledger,
        lastEventId,
        origin: 'chain',
        liveUntilLedger: stream?.liveUntilLedger ?? null,
      }
    },
  }
}

interface Row {
  ledger: number
  readLedger: number
  record: string
}

interface LoggedEvent {
  id: string
  type: string
  timestamp: number
}

type EventFacts = Pick<Stream, 'createdLedger' | 'endedAt' | 'lastEventId'> & {
  ended: Stream['ended'] | undefined
}

/** Reads what the stream's events up to a ledger say and its record does not. */
function createEventFacts(sqlite: Sqlite): (streamId: bigint, ledger: number) => EventFacts {
  const select = sqlite.prepare<[string, string], LoggedEvent>(
    `select id, type, data ->> 'timestamp' as timestamp from events
     where stream_id = ? and id <= ? and type <> 'stream.fee_collected' order by id`,
  )
  return (streamId, ledger) => {
    const events = select.all(streamId.toString(), endOfLedger(ledger))
    const created = events.find(({ type }) => type === 'stream.created')
    const ended = events.findLast(({ type }) => ENDS[type] !== undefined)
    const last = events.at(-1)
    return {
      createdLedger: created === undefined ? null : ledgerOf(created.id),
      ended: ended === undefined ? undefined : ENDS[ended.type],
      endedAt: ended?.timestamp ?? null,
      lastEventId: last !== undefined && ledgerOf(last.id) === ledger ? last.id : null,
    }
  }
}

const ENDS: Readonly<Record<string, Stream['ended']>> = {
  'stream.cancelled': 'cancelled',
  'stream.completed': 'completed',
}

/** A cancelled stream's status can be another: the contract lets it be paused and resumed. */
function endOf({ status }: StreamRecord): 'cancelled' | 'completed' {
  return status === 'Completed' ? 'completed' : 'cancelled'
}

function encodeRecord(record: StreamRecord): string {
  return JSON.stringify(record, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  )
}

function decodeRecord(text: string): StreamRecord {
  const json = JSON.parse(text) as {
    [K in keyof StreamRecord]: StreamRecord[K] extends bigint ? string : StreamRecord[K]
  } & { pausedAt: string | null }
  return {
    ...json,
    streamId: BigInt(json.streamId),
    ratePerSecond: BigInt(json.ratePerSecond),
    depositedAmount: BigInt(json.depositedAmount),
    withdrawnAmount: BigInt(json.withdrawnAmount),
    startTime: BigInt(json.startTime),
    lastUpdateTime: BigInt(json.lastUpdateTime),
    pausedAt: json.pausedAt === null ? null : BigInt(json.pausedAt),
  }
}
