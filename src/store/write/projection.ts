import type { Statement } from 'better-sqlite3'
import type { Stream } from '../../domain/stream.ts'
import { drizzle, eq, getTableColumns, sql } from '../drizzle.ts'
import type { Sqlite } from '../sqlite.ts'
import { streams } from '../schema.ts'
import { fromRow, toRow } from '../stream-row.ts'
import type { StreamRow } from '../stream-row.ts'
import { createTotalsWriter } from './totals.ts'

/** The streams of one transaction: read once, folded in memory, written once, with their totals. */
export interface Projection {
  get(streamId: bigint): Stream | undefined
  set(stream: Stream): void
  /** Takes a stream out, so that a refold starts from nothing. */
  delete(streamId: bigint): void
  /** Writes what was set, inside the caller's transaction. */
  flush(): void
  /** Forgets everything held: the next transaction may find other rows. */
  clear(): void
}

export function createProjection(sqlite: Sqlite): Projection {
  const db = drizzle({ client: sqlite })
  const select = db
    .select()
    .from(streams)
    .where(eq(streams.streamId, sql.placeholder('streamId')))
    .prepare()
  const columns = Object.keys(getTableColumns(streams)) as (keyof StreamRow)[]
  const insert = db.insert(streams).values(placeholders(columns)).prepare()
  const update = createUpdate(sqlite)
  const remove = db
    .delete(streams)
    .where(eq(streams.streamId, sql.placeholder('streamId')))
    .prepare()

  const totals = createTotalsWriter(sqlite)
  const held = new Map<bigint, Stream | undefined>()
  /** As they are in the table. */
  const stored = new Map<bigint, StreamRow>()
  const changed = new Set<bigint>()

  function get(streamId: bigint): Stream | undefined {
    if (held.has(streamId)) return held.get(streamId)
    const row = select.get({ streamId: streamId.toString() })
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
      remove.run({ streamId: streamId.toString() })
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
 * Writes the columns that differ. Each one that is named costs SQLite an entry in every index that
 * has it, whether or not it differs; a withdrawal changes a quarter of them.
 */
function createUpdate(sqlite: Sqlite): (before: StreamRow, after: StreamRow) => void {
  const columns = Object.entries(getTableColumns(streams)) as [keyof StreamRow, { name: string }][]
  /** By the names of the columns: there are only so many combinations. */
  const statements = new Map<string, Statement>()
  return (before, after) => {
    const changed = columns.filter(([name]) => before[name] !== after[name])
    if (changed.length === 0) return
    const names = changed.map(([, { name }]) => `${name} = ?`).join(', ')
    let statement = statements.get(names)
    if (statement === undefined) {
      statement = sqlite.prepare(`update streams set ${names} where stream_id = ?`)
      statements.set(names, statement)
    }
    statement.run(...changed.map(([name]) => toSql(after[name])), after.streamId)
  }
}

function toSql(value: StreamRow[keyof StreamRow]): string | number | null {
  return typeof value === 'boolean' ? Number(value) : value
}

function placeholders(names: readonly (keyof StreamRow)[]): typeof streams.$inferInsert {
  const entries = names.map((name) => [name, sql.placeholder(name)])
  return Object.fromEntries(entries) as typeof streams.$inferInsert
}
