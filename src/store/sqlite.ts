import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { UsageError } from '../domain/errors.ts'

/** A connection to an SQLite file. */
export type Sqlite = Database.Database

/**
 * Parameters as SQLite's planner does not see them. It looks at the value of a bare `?` in a limit,
 * and of one that finds the rows of an ordered read, and then compiles the statement again for each
 * execution: that takes 12 to 20 µs, many times longer than finding a row.
 */
export const LIMIT = '? + 0'
export const TEXT = `? || ''`

/**
 * Opens the SQLite file at `path` and creates its folder if needed. `rename` gives the file another
 * name in the same folder. Throws UsageError if the file cannot be opened.
 */
export function openFile(path: string, rename = (name: string) => name): Sqlite {
  if (path === ':memory:') return new Database(path)
  try {
    makeFolder(dirname(path))
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Error('it is a folder')
    return new Database(rename(path))
  } catch (cause) {
    throw new UsageError(
      `cannot open the database ${path}: ${String(cause)}. Set DATABASE_PATH to a file in a writable folder`,
      { cause },
    )
  }
}

/** Identifies the file at a path, whatever its name; undefined if there is none. */
export function fileAt(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found && `${found.dev}:${found.ino}`
}

/** Node's `recursive` option never returns if a parent folder refuses new folders, as /proc does. */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  mkdirSync(path)
}
