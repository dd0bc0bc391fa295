import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { UsageError } from '../domain/errors.ts'
import { openFile } from './sqlite.ts'

/**
 * The right to write to a database file; one process at a time has it. It is a lock of the operating
 * system on a file beside the database, so it is released when its process ends, even by a crash.
 */
export interface Lock {
  release(): void
}

/**
 * Takes the right to write. The database does not have to exist. Throws UsageError if another
 * process has the right; `hint` says what else the user can do.
 */
export function lockDatabase(path: string, hint?: string): Lock {
  if (path === ':memory:') return { release() {} }
  const file = openFile(path, (name) => `${resolved(name)}.lock`)
  try {
    file.pragma('busy_timeout = 0')
    // Only the lock is used: the file stays empty and has no journal, so it works on a full disk.
    file.pragma('journal_mode = memory')
    file.exec('begin exclusive')
  } catch (cause) {
    file.close()
    if (!isBusy(cause)) throw cause
    const advice = hint ?? 'stop that process first, or set DATABASE_PATH to another file'
    throw new UsageError(
      `another process is writing to the database ${path} (start, sync, rebuild or audit --repair): ${advice}`,
      { cause },
    )
  }
  return {
    release() {
      if (file.open) file.close()
    },
  }
}

/** Two names of one file must give one lock. The file may not exist yet. */
function resolved(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return join(realpathSync(dirname(path)), basename(path))
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY'
}
