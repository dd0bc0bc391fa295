import { endOfLedger, ledgerOf } from '../../domain/cursor.ts'
import { RECORD_FIELDS } from '../../domain/stream.ts'
import type { Stream, StreamRecord } from '../../domain/stream.ts'
import type { Sqlite } from '../open.ts'

/**
 * What the chain said of a stream, for where the log cannot tell: the record as it was at the end
 * of `ledger`, the last one that changed it. Events up to that ledger are in it already, events
 * after it fold on it. So the projection has one rule, in whatever order events and records come:
 * fold the stream's events up to `ledger`, put the record in their place, fold the rest. Until the
 * log is complete through `ledger` the record waits, and a row never runs ahead of the checkpoint.
 */
export interface Baseline {
  record: StreamRecord
  ledger: number
  /** The ledger at which it was read. */
  readLedger: number
}

export interface Baselines {
  get(streamId: bigint): Baseline | undefined
  put(baseline: Baseline): void
  /** Streams whose baseline's ledger is after the first and not after the second. */
  between(after: number, through: number): bigint[]
  /** The stream that events up to the baseline's ledger made, as the chain has it. */
  rebase(stream: Stream | undefined, baseline: Baseline): Stream
}

export function createBaselines(sqlite: Sqlite): Baselines {
  const select = sqlite.prepare(
    'select ledger, read_ledger as readLedger, record from chain_records where stream_id = ?',
  )
  const upsert = sqlite.prepare(
    'insert or replace into chain_records (stream_id, ledger, read_ledger, record) values (?, ?, ?, ?)',
  )
  const between = sqlite
    .prepare('select stream_id from chain_records where ledger > ? and ledger <= ?')
    .pluck()
  const changes = sqlite.prepare(
    `select id, type, data ->> 'timestamp' as timestamp from events
     where stream_id = ? and id <= ? and type <> 'stream.fee_collected' order by id`,
  )

  /** What events tell beyond the record, though some of them may be missing. */
  function seen(streamId: bigint, ledger: number) {
    const rows = changes.all(streamId.toString(), endOfLedger(ledger)) as Change[]
    const created = rows.find(({ type }) => type === 'stream.created')
    const ended = rows.findLast(({ type }) => ENDS[type] !== undefined)
    const last = rows.at(-1)
    return {
      createdLedger: created === undefined ? null : ledgerOf(created.id),
      ended: ended === undefined ? undefined : ENDS[ended.type],
      endedAt: ended?.timestamp ?? null,
      lastEventId: last !== undefined && ledgerOf(last.id) === ledger ? last.id : null,
    }
  }

  return {
    get(streamId) {
      const row = select.get(streamId.toString()) as Row | undefined
      return row && { ...row, record: decodeRecord(row.record) }
    },
    put({ record, ledger, readLedger }) {
      upsert.run(record.streamId.toString(), ledger, readLedger, encodeRecord(record))
    },
    between: (after, through) => (between.all(after, through) as string[]).map(BigInt),
    rebase(stream, { record, ledger }) {
      // The log tells it all, and more than the record does.
      if (stream !== undefined && RECORD_FIELDS.every((name) => stream[name] === record[name])) {
        return stream
      }
      const { createdLedger, ended, endedAt, lastEventId } = seen(record.streamId, ledger)
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

interface Change {
  id: string
  type: string
  timestamp: number
}

const ENDS: Readonly<Record<string, Stream['ended']>> = {
  'stream.cancelled': 'cancelled',
  'stream.completed': 'completed',
}

/** Only a cancelled stream can say something else again: it can have been paused, then resumed. */
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
