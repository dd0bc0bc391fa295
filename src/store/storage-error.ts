import { UsageError } from '../domain/errors.ts'

/** What SQLite's errors mean for a daemon: which of them pass by themselves, and what to do. */

/** What keeps the database from being used for now; undefined where waiting does not help. */
export function passingTrouble(error: unknown, path: string): string | undefined {
  const code = codeOf(error)
  if (code === 'SQLITE_FULL') {
    return `the disk of the database ${path} is full: free some space, and writing goes on`
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return `another program keeps the database ${path} locked: end it, and writing goes on`
  }
  if (/^SQLITE_(IOERR|CANTOPEN|READONLY)/.test(code)) {
    return `the database ${path} cannot be used (${code}): check its disk; work goes on as soon as it can`
  }
  return undefined
}

/** The error to report: a file that is no database, or a damaged one, is explained. */
export function explainStorage(error: unknown, path: string): unknown {
  const code = codeOf(error)
  if (code === 'SQLITE_NOTADB') {
    return new UsageError(`${path} is not an SQLite database: set DATABASE_PATH to another file`, {
      cause: error,
    })
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return new UsageError(
      `the database ${path} is damaged (${code}): restore a copy of it, or run "flowfi-indexer start --fresh", which keeps the damaged file under another name and indexes again what the RPC still has`,
      { cause: error },
    )
  }
  return error
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
