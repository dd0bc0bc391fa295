import type { Stream } from '../domain/stream.ts'
import { drizzle, eq, getTableColumns, sql } from './drizzle.ts'
import type { Sqlite } from './open.ts'
import { streams } from './schema.ts'
import { fromRow, toRow } from './stream-row.ts'
import type { StreamRow } from './stream-row.ts'

/** The streams of one transaction: read once, folded in memory, written once. */
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

/** Columns that no event changes, and so no update touches their indexes. */
const FIXED: ReadonlySet<keyof StreamRow> = new Set([
  'streamId',
  'sender',
  'recipient',
  'tokenAddress',
  'ratePerSecond',
  'startTime',
  'createdLedger',
  'origin',
  'createdOrder',
  'startOrder',
])

export function createProjection(sqlite: Sqlite): Projection {
  const db = drizzle({ client: sqlite })
  const select = db
    .select()
    .from(streams)
    .where(eq(streams.streamId, sql.placeholder('streamId')))
    .prepare()
  const columns = Object.keys(getTableColumns(streams)) as (keyof StreamRow)[]
  const insert = db.insert(streams).values(placeholders(columns)).prepare()
  const update = db
    .update(streams)
    .set(placeholders(columns.filter((name) => !FIXED.has(name))))
    .where(eq(streams.streamId, sql.placeholder('streamId')))
    .prepare()
  const remove = db
    .delete(streams)
    .where(eq(streams.streamId, sql.placeholder('streamId')))
    .prepare()

  const held = new Map<bigint, Stream | undefined>()
  const stored = new Set<bigint>()
  const changed = new Set<bigint>()

  function get(streamId: bigint): Stream | undefined {
    if (held.has(streamId)) return held.get(streamId)
    const row = select.get({ streamId: streamId.toString() })
    const stream = row === undefined ? undefined : fromRow(row)
    held.set(streamId, stream)
    if (stream !== undefined) stored.add(streamId)
    return stream
  }

  return {
    get,
    set(stream) {
      held.set(stream.streamId, stream)
      changed.add(stream.streamId)
    },
    delete(streamId) {
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
        if (stored.has(streamId)) update.run(row)
        else insert.run(row)
        stored.add(streamId)
      }
      changed.clear()
    },
    clear() {
      held.clear()
      stored.clear()
      changed.clear()
    },
  }
}

function placeholders(names: readonly (keyof StreamRow)[]): typeof streams.$inferInsert {
  const entries = names.map((name) => [name, sql.placeholder(name)])
  return Object.fromEntries(entries) as typeof streams.$inferInsert
}
