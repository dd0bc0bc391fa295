import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import Database from 'better-sqlite3'
import type { Cursor } from '../domain/cursor.ts'
import { openForReading } from '../store/database.ts'
import { MIGRATIONS_TABLE } from '../store/migrations.ts'
import { createCoverage } from '../store/read/coverage.ts'

/** A copy of a database, in a file of its own. */
export interface Copy {
  /** The checkpoint's. */
  cursor: Cursor
  bytes: number
  /** SHA-256 of the file, base64. */
  sha256: string
}

/**
 * What a copy is made of. Any other table is empty in it: consumers and their secrets belong to one
 * installation, and a new table stays there until it is listed here.
 */
export const COPIED_TABLES: ReadonlySet<string> = new Set([
  'events',
  'streams',
  'stream_totals',
  'chain_records',
  'tokens',
  'corrections',
  'checkpoint',
  'coverage',
  'gaps',
  'event_counts',
  'ledger_hashes',
  // Where the node that begins with the copy goes on to read what machines tell each other.
  'relay_position',
  'identity',
  MIGRATIONS_TABLE,
])

/** Of 8 KiB each: a turn of the loop copies a few megabytes. */
const PAGES_PER_TURN = 512

/**
 * Copies the database at one position while it is being written. Undefined if it has no checkpoint
 * yet. It takes seconds for a large file, most of them without a pause: it belongs into a thread.
 */
export async function copyDatabase(from: string, to: string): Promise<Copy | undefined> {
  const source = openForReading(from)
  try {
    // SQLite would begin again after each commit of the writer, and never end. An open transaction
    // keeps the source as it is now.
    source.exec('begin')
    const checkpoint = createCoverage(source).checkpoint()
    if (checkpoint === undefined) return undefined
    await source.backup(to, { progress: () => PAGES_PER_TURN })
    strip(to)
    return { cursor: checkpoint.cursor, ...(await fingerprint(to)) }
  } finally {
    source.close()
  }
}

/** Leaves one file that needs no other, with nothing in it that belongs to this installation. */
function strip(path: string): void {
  const copy = new Database(path)
  try {
    copy.pragma('journal_mode = delete')
    // Deleted rows are overwritten, not only marked as deleted.
    copy.pragma('secure_delete = on')
    const others = tablesOf(copy).filter((name) => !COPIED_TABLES.has(name))
    for (const name of others) copy.exec(`delete from "${name}"`)
  } finally {
    copy.close()
  }
}

export function tablesOf(sqlite: Database.Database): string[] {
  return sqlite
    .prepare<[], string>(
      "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'",
    )
    .pluck()
    .all()
}

async function fingerprint(path: string): Promise<Omit<Copy, 'cursor'>> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer)
    bytes += (chunk as Buffer).length
  }
  return { bytes, sha256: hash.digest('base64') }
}
