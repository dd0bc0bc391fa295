import Database from 'better-sqlite3'
import { UsageError } from '../domain/errors.ts'
import { openFile } from './sqlite.ts'
import type { Sqlite } from './sqlite.ts'
import {
  appliedMigration,
  migrateDatabase,
  MIGRATIONS_TABLE,
  newestMigration,
} from './migrations.ts'
import { explainStorage } from './storage-error.ts'

/** How long a statement waits for the lock of another process before it fails. */
const BUSY_TIMEOUT_MS = 5_000
/** The WAL is cut to this size after a checkpoint, so that a long backfill leaves no gigabytes. */
const WAL_LIMIT_BYTES = 64 * 1024 * 1024
/** Twice SQLite's default, which holds only three or four events with their raw form. */
const PAGE_BYTES = 8_192
/** WAL pages between two checkpoints of SQLite: a backfill commits megabytes at a time. */
const CHECKPOINT_PAGES = 16_000
/** Half a gigabyte of WAL, for a command that only works off a backlog. */
const BACKLOG_CHECKPOINT_PAGES = 65_536
const PAGE_CACHE_KIB = 64 * 1024
/** "FLOW", in the header of every database of this program. */
const APPLICATION_ID = 0x46_4c_4f_57
/** These tables identify a database from before the header had the id. */
const OWN_TABLES = ['checkpoint', 'events', 'identity', 'streams']
/** How many tables of a foreign database an error names. */
const MAX_NAMED = 5

/**
 * Opens the database file; creates and migrates it if needed. Throws UsageError if the file is newer
 * than this program, damaged, or not a database of this program.
 */
export function openDatabase(path: string): Sqlite {
  const sqlite = openFile(path)
  try {
    sqlite.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
    // Before anything is written to the file.
    refuseForeign(sqlite, path)
    // It has an effect only before the first table.
    sqlite.pragma(`page_size = ${PAGE_BYTES}`)
    sqlite.pragma('journal_mode = WAL')
    sqlite.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    // With WAL a crash loses nothing. A power cut may lose the newest commits, but the checkpoint
    // with them, so their events are fetched again.
    sqlite.pragma('synchronous = NORMAL')
    sqlite.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`)
    sqlite.pragma(`cache_size = -${PAGE_CACHE_KIB}`)
    sqlite.pragma('temp_store = MEMORY')
    refuseNewer(sqlite, path)
    if (applicationId(sqlite) === 0) sqlite.pragma(`application_id = ${APPLICATION_ID}`)
    migrateDatabase(sqlite)
    return sqlite
  } catch (cause) {
    sqlite.close()
    throw explainStorage(cause, path)
  }
}

/**
 * Lets the WAL grow longer before its pages are written to the database. A page that many commits
 * change is then written once, but the WAL file is larger meanwhile.
 */
export function deferCheckpoints(sqlite: Sqlite): void {
  sqlite.pragma(`wal_autocheckpoint = ${BACKLOG_CHECKPOINT_PAGES}`)
}

/** Opens an existing database for reading and changes nothing. Throws UsageError if it cannot. */
export function openForReading(path: string): Sqlite {
  let sqlite: Sqlite
  try {
    sqlite = new Database(path, { readonly: true, fileMustExist: true })
  } catch (cause) {
    throw new UsageError(
      `there is no database at ${path}: set DATABASE_PATH to the file of an indexer, or start one`,
      { cause },
    )
  }
  try {
    sqlite.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
    refuseForeign(sqlite, path)
    refuseNewer(sqlite, path)
    if (appliedMigration(sqlite) < newestMigration()) {
      throw new UsageError(
        `the database ${path} is older than this program: run "flowfi-indexer start" or "sync" once, which migrates it`,
      )
    }
    return sqlite
  } catch (cause) {
    sqlite.close()
    throw explainStorage(cause, path)
  }
}

function refuseForeign(sqlite: Sqlite, path: string): void {
  const id = applicationId(sqlite)
  if (id === APPLICATION_ID) return
  const tables = (
    sqlite
      .prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'")
      .pluck()
      .all() as string[]
  ).filter((name) => name !== MIGRATIONS_TABLE)
  const isEmpty = tables.length === 0
  const isOwn = OWN_TABLES.every((name) => tables.includes(name))
  if (id === 0 && (isEmpty || isOwn)) return
  const shown = isEmpty ? '' : ` (its tables: ${tables.slice(0, MAX_NAMED).join(', ')})`
  throw new UsageError(
    `${path} is a database of another program${shown}: set DATABASE_PATH to another file`,
  )
}

function applicationId(sqlite: Sqlite): number {
  return sqlite.pragma('application_id', { simple: true }) as number
}

function refuseNewer(sqlite: Sqlite, path: string): void {
  if (appliedMigration(sqlite) <= newestMigration()) return
  throw new UsageError(
    `the database ${path} was written by a newer version of flowfi-indexer: run that version, or set DATABASE_PATH to another file`,
  )
}
