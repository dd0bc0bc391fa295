import type { Decode } from '../../domain/event.ts'
import { eventJson } from '../../domain/event-json.ts'
import { fold } from '../../domain/fold.ts'
import type { Stream } from '../../domain/stream.ts'
import type { Coverage } from '../read/coverage.ts'
import type { Sqlite } from '../sqlite.ts'
import { createParties } from './parties.ts'
import type { Projection } from './projection.ts'
import { decodeRaw } from '../raw.ts'
import type { RecordTable } from './records.ts'

export interface LogRow {
  id: string
  type: string
  data: string
  raw: string
}

export interface RefoldDeps {
  sqlite: Sqlite
  coverage: Coverage
  projection: Projection
  records: RecordTable
  decode: Decode
}

/** Folds stored events again, in the order of their ids, on a projection without these streams. */
export interface Refold {
  /**
   * Decodes one stored event again and folds it. Rewrites the row, but never its id, if the decoder
   * or what is known of the stream's parties has changed.
   */
  event(row: LogRow): { type: string; isRewritten: boolean }
  /** Puts the stream's record in place if it is newer than the last event. Call it after that one. */
  finish(streamId: bigint): void
  /** Folds one stream from its first event: events, or a record of the chain, arrived late. */
  stream(streamId: bigint): void
}

export function createRefold({
  sqlite,
  coverage,
  projection,
  records,
  decode,
}: RefoldDeps): Refold {
  const partiesOf = createParties(records)
  const update = sqlite.prepare(
    'update events set type = ?, stream_id = ?, sender = ?, recipient = ?, data = ? where id = ?',
  )
  const eventsOf = sqlite.prepare<[string], LogRow>(
    'select id, type, data, raw from events where stream_id = ? order by id',
  )
  const states = createStates({ projection, records })

  function foldEvent(row: LogRow) {
    const event = decode(decodeRaw(row))
    const streamId = 'streamId' in event ? event.streamId : undefined
    const before = streamId === undefined ? undefined : states.before(event.ledger, streamId)
    const after = 'streamId' in event ? fold(before, event) : undefined
    if (after !== undefined && after !== before) projection.set(after)
    const parties = partiesOf(event, after)
    const data = eventJson(event, parties)
    const isRewritten = data !== row.data
    if (isRewritten) {
      const { sender, recipient } = parties
      update.run(event.type, streamId?.toString() ?? null, sender, recipient, data, row.id)
    }
    return { type: event.type, isRewritten }
  }

  function finish(streamId: bigint): void {
    states.before(coverage.scannedThrough() + 1, streamId)
  }

  return {
    event: foldEvent,
    finish,
    stream(streamId) {
      const liveUntilLedger = projection.get(streamId)?.liveUntilLedger ?? null
      states.restart(streamId)
      for (const row of eventsOf.all(streamId.toString())) foldEvent(row)
      finish(streamId)
      const stream = projection.get(streamId)
      if (stream !== undefined && stream.liveUntilLedger !== liveUntilLedger) {
        projection.set({ ...stream, liveUntilLedger })
      }
      projection.flush()
    },
  }
}

/** The states of streams while their events are folded in order. */
function createStates({ projection, records }: Pick<RefoldDeps, 'projection' | 'records'>) {
  /** Streams whose record has replaced the result of the events up to its ledger. */
  const replaced = new Set<bigint>()
  return {
    /** The stream as it was when `ledger` began; its record replaces it once it is older. */
    before(ledger: number, streamId: bigint): Stream | undefined {
      const stream = projection.get(streamId)
      if (replaced.has(streamId)) return stream
      const record = records.get(streamId)
      if (record === undefined || record.ledger >= ledger) return stream
      replaced.add(streamId)
      const based = records.toStream(record, stream)
      if (based === stream) return stream
      // An update would leave out the columns that no event changes.
      projection.delete(streamId)
      projection.set(based)
      return based
    },
    restart(streamId: bigint): void {
      projection.delete(streamId)
      replaced.delete(streamId)
    },
  }
}
