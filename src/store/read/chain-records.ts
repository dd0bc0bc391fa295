import { ledgerOf } from '../../domain/cursor.ts'
import { RECORD_FIELDS } from '../../domain/stream.ts'
import type { Stream, StreamRecord } from '../../domain/stream.ts'
import type { Sqlite } from '../sqlite.ts'
import type { ChainRecord } from './records.ts'

/**
 * Records of the chain as a base to fold events on: the rule of write/records.ts, for reading.
 */

/** `liveUntilLedger` belongs to the stream's row. */
export type StoredRecord = Omit<ChainRecord, 'liveUntilLedger'>

export function createRecordReader(sqlite: Sqlite): (streamId: bigint) => StoredRecord | undefined {
  const select = sqlite.prepare<[string], Row>(
    'select ledger, read_ledger as readLedger, record from chain_records where stream_id = ?',
  )
  return (streamId) => {
    const row = select.get(streamId.toString())
    return row && { ...row, record: decodeRecord(row.record) }
  }
}

interface Row {
  ledger: number
  readLedger: number
  record: string
}

/** What a stream's events up to its record's ledger say and the record does not. */
export interface EventFacts {
  createdLedger: number | null
  ended: Stream['ended'] | undefined
  endedAt: number | null
  lastEventId: string | null
}

export const NO_FACTS: EventFacts = {
  createdLedger: null,
  ended: undefined,
  endedAt: null,
  lastEventId: null,
}

/** The facts with one more event of the stream, which is not a fee. */
export function withEvent(
  facts: EventFacts,
  { id, type, timestamp }: { id: string; type: string; timestamp: number },
): EventFacts {
  const ended = ENDS[type]
  return {
    ...facts,
    lastEventId: id,
    ...(type === 'stream.created' && { createdLedger: facts.createdLedger ?? ledgerOf(id) }),
    ...(ended !== undefined && { ended, endedAt: timestamp }),
  }
}

const ENDS: Readonly<Record<string, Stream['ended']>> = {
  'stream.cancelled': 'cancelled',
  'stream.completed': 'completed',
}

/** The record as a stream. `stream` is what the events up to the record's ledger gave. */
export function basedOn(
  { record, ledger }: StoredRecord,
  stream: Stream | undefined,
  factsOf: () => EventFacts,
): Stream {
  // The events gave the same, and they say more than the record.
  if (stream !== undefined && RECORD_FIELDS.every((name) => stream[name] === record[name])) {
    return stream
  }
  const { createdLedger, ended, endedAt, lastEventId } = factsOf()
  return {
    ...record,
    ended: record.isActive ? null : (ended ?? endOf(record)),
    endedAt: record.isActive ? null : endedAt,
    createdLedger,
    updatedLedger: ledger,
    lastEventId: lastEventId !== null && ledgerOf(lastEventId) === ledger ? lastEventId : null,
    origin: 'chain',
    liveUntilLedger: stream?.liveUntilLedger ?? null,
  }
}

/** A cancelled stream's status can be another: the contract lets it be paused and resumed. */
function endOf({ status }: StreamRecord): 'cancelled' | 'completed' {
  return status === 'Completed' ? 'completed' : 'cancelled'
}

export function encodeRecord(record: StreamRecord): string {
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
