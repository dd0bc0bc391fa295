import { completeThrough, endOfLedger } from '../../domain/cursor.ts'
import type { Cursor } from '../../domain/cursor.ts'
import type { Decode, StreamEvent } from '../../domain/event.ts'
import { fold } from '../../domain/fold.ts'
import type { Stream } from '../../domain/stream.ts'
import { decodeRaw } from '../raw.ts'
import type { Sqlite } from '../sqlite.ts'
import { basedOn, createRecordReader, NO_FACTS, withEvent } from './chain-records.ts'
import type { StoredRecord } from './chain-records.ts'
import { uncovered } from './coverage.ts'
import type { Coverage, Interval } from './coverage.ts'
import { createFoldStates, createResume } from './fold-states.ts'
import type { FoldState, FoldStates } from './fold-states.ts'

/** A stream after one of its events, or as a record of the chain shows it. */
export interface Change {
  stream: Stream
  /** Null: the record replaced what the events before it gave. */
  event: StreamEvent | null
}

/**
 * Streams in the past. The rows of the projection are the present; here a stream is folded from its
 * events and its record, by the rule of write/records.ts, up to any position.
 */
export interface History {
  /**
   * The changes of a stream after a position and up to another, oldest first, in batches that take
   * about a millisecond. It may begin with some before. A batch may be empty. All batches need one
   * snapshot. Fees change nothing.
   */
  changes(query: ChangesQuery): Generator<Change[], void>
  /** The stream at a position, in steps of about a millisecond, which need one snapshot. */
  at(query: Omit<ChangesQuery, 'after'>): Generator<void, Stream | undefined>
  /**
   * Ledgers up to `ledger` that may have changed the stream without us knowing. `stream` is what
   * the changes up to there gave.
   */
  unknownLedgers(stream: Stream, ledger: number): Interval[]
  /** The last close time that is known at or before the end of a ledger, Unix seconds. */
  closeTime(ledger: number): number | null
}

export interface ChangesQuery {
  streamId: bigint
  /** Default: before the first event. */
  after?: Cursor
  /** Inclusive. */
  through: Cursor
  decode: Decode
}

/** Events that are read, decoded and folded in about a millisecond. */
const EVENTS_PER_BATCH = 64

/** `states` may be shared by all connections to the same database. */
export function createHistory(
  sqlite: Sqlite,
  coverage: Coverage,
  states: FoldStates = createFoldStates(),
): History {
  const recordOf = createRecordReader(sqlite)
  const resume = createResume(sqlite, states)
  const batchSize = Math.min(EVENTS_PER_BATCH, states.stride)
  const eventsOf = sqlite.prepare<[string, Cursor, Cursor, number], { data: string; raw: string }>(
    `select data, raw from events indexed by events_by_stream
     where stream_id = ? and id > ? and id <= ? order by id limit ?`,
  )
  const changeIn = sqlite.prepare<[string, Cursor, Cursor]>(
    `select 1 from events indexed by events_by_stream
     where stream_id = ? and id > ? and id <= ? and type <> 'stream.fee_collected' limit 1`,
  )
  const lastTime = sqlite
    .prepare<[Cursor], number>(
      `select data ->> 'timestamp' from events where id <= ? order by id desc limit 1`,
    )
    .pluck()

  function* events(
    { streamId, through, decode }: ChangesQuery,
    start: Cursor,
  ): Generator<{ batch: StreamEvent[]; position: Cursor; count: number }, void> {
    let position = start
    let count = 0
    for (;;) {
      const rows = eventsOf.all(streamId.toString(), position, through, batchSize)
      const decoded = rows.map((row) => decode(decodeRaw(row)))
      position = decoded.at(-1)?.id ?? position
      count += rows.length
      yield { batch: decoded.filter((event) => 'streamId' in event), position, count }
      if (rows.length < batchSize) return
    }
  }

  /** The stream's record, if it is not after the position. */
  function recordUpTo(streamId: bigint, through: Cursor): StoredRecord | undefined {
    const record = recordOf(streamId)
    return record !== undefined && record.ledger <= completeThrough(through) ? record : undefined
  }

  /**
   * Whether no event of the log changed the stream after one ledger and up to another. If it was as
   * on the chain at the second one, it was so at the first: an event that was lost before could only
   * be hidden by later ones.
   */
  function isUnchanged(streamId: bigint, after: number, through: number): boolean {
    const range = [endOfLedger(after), endOfLedger(through)] as const
    return changeIn.get(streamId.toString(), ...range) === undefined
  }

  /** Yields the changes, batch by batch, and returns the stream after all of them. */
  function* walk(query: ChangesQuery): Generator<Change[], Stream | undefined> {
    const { streamId, through, after = '' } = query
    const { state: start = BEGINNING, keep } = yield* resume(streamId.toString(), after)
    const record = recordUpTo(streamId, through)
    let { stream, facts, isReplaced } = start

    /** Puts the record in place of what the events up to its ledger gave. */
    function replace(changes: Change[]): void {
      if (record === undefined || isReplaced) return
      isReplaced = true
      const based = basedOn(record, stream, () => facts)
      if (based !== stream) changes.push({ stream: based, event: null })
      stream = based
    }

    for (const { batch, position, count } of events(query, start.position)) {
      const changes: Change[] = []
      for (const event of batch) {
        if (record !== undefined && event.ledger > record.ledger) replace(changes)
        const next = fold(stream, event)
        if (event.type !== 'stream.fee_collected') facts = withEvent(facts, event)
        if (next !== undefined && next !== stream) changes.push({ stream: next, event })
        stream = next
      }
      // It holds for every later position: the record may come after all events.
      if (count > 0 && count % states.stride === 0) keep({ position, stream, facts, isReplaced })
      yield changes
    }
    const last: Change[] = []
    replace(last)
    yield last
    return stream
  }

  return {
    *changes(query) {
      yield* walk(query)
    },

    *at(query) {
      const steps = walk({ ...query, after: query.through })
      for (;;) {
        const { done, value } = steps.next()
        if (done === true) return value
        yield
      }
    },

    unknownLedgers(stream, ledger) {
      const stored = recordOf(stream.streamId)
      const isBased = stored !== undefined && stored.ledger <= ledger
      // Nothing has changed the record up to the ledger at which it was read.
      const known = isBased ? Math.max(stored.ledger, stored.readLedger) : stream.createdLedger
      const repairs = stored === undefined || isBased ? coverage.repairs() : []
      const harmless = repairs.filter((gap) => isUnchanged(stream.streamId, ledger, gap.ledger))
      const whole = [...coverage.intervals(), ...harmless].toSorted((a, b) => a.from - b.from)
      return uncovered({ from: (known ?? -1) + 1, to: ledger }, whole)
    },

    closeTime(ledger) {
      const checkpoint = coverage.checkpoint()
      if (checkpoint?.ledger === ledger && checkpoint.ledgerClosedAt !== null) {
        return checkpoint.ledgerClosedAt
      }
      return lastTime.get(endOfLedger(ledger)) ?? null
    },
  }
}

/** Before the first event of a stream. */
const BEGINNING: FoldState = {
  position: '',
  stream: undefined,
  facts: NO_FACTS,
  isReplaced: false,
}
