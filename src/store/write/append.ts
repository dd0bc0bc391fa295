import { eventJson } from '../../domain/event-json.ts'
import { fold } from '../../domain/fold.ts'
import type { Sqlite } from '../sqlite.ts'
import { createParties } from './parties.ts'
import type { Projection } from './projection.ts'
import { encodeRaw } from '../raw.ts'
import type { RecordTable } from './records.ts'
import type { DecodedEvent } from './scanned-page.ts'

export interface Appended {
  /** How many events the log did not have yet. */
  accepted: number
  /** Streams of new events that are not after everything the log had: they must be refolded. */
  late: ReadonlySet<bigint>
}

/** Appends events to the log and folds those that are new. */
export type Append = (events: readonly DecodedEvent[], scannedThrough: number) => Appended

export function createAppend({
  sqlite,
  projection,
  records,
}: {
  sqlite: Sqlite
  projection: Projection
  records: RecordTable
}): Append {
  const partiesOf = createParties(records)
  const insert = sqlite.prepare(
    `insert into events (id, type, stream_id, sender, recipient, data, raw)
     values (?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing`,
  )
  const newest = sqlite.prepare<[], string | null>('select max(id) from events').pluck()
  const count = sqlite.prepare(
    `insert into event_counts (type, count) values (?, ?)
     on conflict (type) do update set count = count + excluded.count`,
  )

  function append({ event, raw }: DecodedEvent): boolean {
    const streamId = 'streamId' in event ? event.streamId : undefined
    const before = streamId === undefined ? undefined : projection.get(streamId)
    const after = 'streamId' in event ? fold(before, event) : undefined
    const parties = partiesOf(event, after)
    const { changes } = insert.run(
      event.id,
      event.type,
      streamId === undefined ? null : streamId.toString(),
      parties.sender,
      parties.recipient,
      eventJson(event, parties),
      encodeRaw(raw),
    )
    if (changes === 0) return false
    if (after !== undefined && after !== before) projection.set(after)
    return true
  }

  return (events, scannedThrough) => {
    const highest = newest.get() ?? ''
    const late = new Set<bigint>()
    const counts = new Map<string, number>()
    let accepted = 0
    for (const decoded of events) {
      if (!append(decoded)) continue
      const { event } = decoded
      accepted += 1
      counts.set(event.type, (counts.get(event.type) ?? 0) + 1)
      const isLate = event.id < highest || event.ledger <= scannedThrough
      if (isLate && 'streamId' in event) late.add(event.streamId)
    }
    for (const [type, number] of counts) count.run(type, number)
    projection.flush()
    return { accepted, late }
  }
}
