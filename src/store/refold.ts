import type { ContractEvent, RawEvent } from '../domain/event.ts'
import { eventJson } from '../domain/event-json.ts'
import { fold } from '../domain/fold.ts'
import type { Sqlite } from './open.ts'
import { partiesOf } from './parties.ts'
import type { Projection } from './projection.ts'
import { decodeRaw } from './raw.ts'

export interface LogRow {
  id: string
  type: string
  data: string
  raw: string
}

/** What reading a log row again has made of it. */
export interface Reread {
  type: string
  changed: boolean
}

/**
 * Reads one stored event again and folds it: the row is rewritten where the decoder, or what is
 * known of the stream's parties, has changed. Its id never does.
 */
export function createReread(
  sqlite: Sqlite,
  projection: Projection,
  decode: (raw: RawEvent) => ContractEvent,
): (row: LogRow) => Reread {
  const update = sqlite.prepare(
    'update events set type = ?, stream_id = ?, sender = ?, recipient = ?, data = ? where id = ?',
  )
  return (row) => {
    const event = decode(decodeRaw(row))
    const streamId = 'streamId' in event ? event.streamId : undefined
    const before = streamId === undefined ? undefined : projection.get(streamId)
    const after = 'streamId' in event ? fold(before, event) : undefined
    if (after !== undefined && after !== before) projection.set(after)
    const parties = partiesOf(event, after)
    const data = eventJson(event, parties)
    if (data === row.data) return { type: event.type, changed: false }
    const { sender, recipient } = parties
    update.run(event.type, streamId?.toString() ?? null, sender, recipient, data, row.id)
    return { type: event.type, changed: true }
  }
}

/** Folds one stream anew from the log, for history that arrived late. */
export function createRefold(
  sqlite: Sqlite,
  projection: Projection,
  decode: (raw: RawEvent) => ContractEvent,
): (streamId: bigint) => void {
  const reread = createReread(sqlite, projection, decode)
  const rows = sqlite.prepare(
    'select id, type, data, raw from events where stream_id = ? order by id',
  )
  return (streamId) => {
    projection.delete(streamId)
    for (const row of rows.all(streamId.toString()) as LogRow[]) reread(row)
    projection.flush()
  }
}
