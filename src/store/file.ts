import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { UsageError } from '../domain/errors.ts'

/**
 * Opens an SQLite file at `path`, or at the name that `sideOf` makes of it, and its folder. Throws
 * UsageError when there can be no file.
 */
export function openFile(
  path: string,
  sideOf: (path: string) => string = (name) => name,
): Database.Database {
  if (path === ':memory:') return new Database(path)
  try {
    makeFolder(dirname(path))
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Error('it is a folder')
    return new Database(sideOf(path))
  } catch (cause) {
    throw new UsageError(
      `cannot open the database ${path}: ${String(cause)}. Set DATABASE_PATH to a file in a writable folder`,
      { cause },
    )
  }
}

/** Which file a path leads to, whatever its name; undefined where there is none. */
export function fileAt(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found && `${found.dev}:${found.ino}`
}

/** Node's own recursion never ends where a folder that is there takes none, such as /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  mkdirSync(path)
}
