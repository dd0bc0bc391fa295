import type { Statement } from 'better-sqlite3'
import type { Stream } from '../../domain/stream.ts'
import type { Sqlite } from '../sqlite.ts'
import { fromRow, SELECT_STREAMS, STREAM_COLUMNS, toRow } from '../stream-row.ts'
import type { StreamRow } from '../stream-row.ts'
import { createTotalsWriter } from './totals.ts'

/** The streams of one transaction: read once, folded in memory, written once with their totals. */
export interface Projection {
  get(streamId: bigint): Stream | undefined
  set(stream: Stream): void
  /** Removes a stream, so that it can be folded from its first event. */
  delete(streamId: bigint): void
  /** Writes what was set, in the caller's transaction. */
  flush(): void
  /** Forgets all streams: the next transaction may find other rows. */
  clear(): void
}

export function createProjection(sqlite: Sqlite): Projection {
  const select = sqlite.prepare<[string], StreamRow>(`${SELECT_STREAMS} where stream_id = ?`)
  const keys = Object.keys(STREAM_COLUMNS).map((key) => `@${key}`)
  const insert = sqlite.prepare<StreamRow>(
    `insert into streams (${Object.values(STREAM_COLUMNS).join(', ')}) values (${keys.join(', ')})`,
  )
  const update = createUpdate(sqlite)
  const remove = sqlite.prepare('delete from streams where stream_id = ?')
  const totals = createTotalsWriter(sqlite)

  const held = new Map<bigint, Stream | undefined>()
  /** Rows as they are in the table. */
  const stored = new Map<bigint, StreamRow>()
  const changed = new Set<bigint>()

  function get(streamId: bigint): Stream | undefined {
    if (held.has(streamId)) return held.get(streamId)
    const row = select.get(streamId.toString())
    const stream = row === undefined ? undefined : fromRow(row)
    held.set(streamId, stream)
    if (row !== undefined) stored.set(streamId, row)
    return stream
  }

  return {
    get,
    set(stream) {
      held.set(stream.streamId, stream)
      changed.add(stream.streamId)
    },
    delete(streamId) {
      get(streamId)
      totals.change(stored.get(streamId), undefined)
      remove.run(streamId.toString())
      held.set(streamId, undefined)
      stored.delete(streamId)
      changed.delete(streamId)
    },
    flush() {
      for (const streamId of changed) {
        const stream = held.get(streamId)
        if (stream === undefined) continue
        const row = toRow(stream)
        const before = stored.get(streamId)
        if (before === undefined) insert.run(row)
        else update(before, row)
        totals.change(before, row)
        stored.set(streamId, row)
      }
      changed.clear()
      totals.flush()
    },
    clear() {
      held.clear()
      stored.clear()
      changed.clear()
      totals.clear()
    },
  }
}

/**
 * Writes only the columns that differ. SQLite writes an entry in every index of a column that an
 * update names, even if the value is the same; a withdrawal changes a quarter of the columns.
 */
function createUpdate(sqlite: Sqlite): (before: StreamRow, after: StreamRow) => void {
  const columns = Object.entries(STREAM_COLUMNS) as [keyof StreamRow, string][]
  /** By the columns they write; the number of combinations is small. */
  const statements = new Map<string, Statement>()
  return (before, after) => {
    const changed = columns.filter(([key]) => before[key] !== after[key])
    if (changed.length === 0) return
    const assignments = changed.map(([, name]) => `${name} = ?`).join(', ')
    let statement = statements.get(assignments)
    if (statement === undefined) {
      statement = sqlite.prepare(`update streams set ${assignments} where stream_id = ?`)
      statements.set(assignments, statement)
    }
    statement.run(...changed.map(([key]) => after[key]), after.streamId)
  }
}
