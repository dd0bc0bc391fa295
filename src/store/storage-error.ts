import { UsageError } from '../domain/errors.ts'

/** What SQLite's errors mean for a daemon: which of them pass, and what to do. */

/** Why the database cannot be used for now; undefined if waiting does not help. */
export function passingTrouble(error: unknown, path: string): string | undefined {
  const code = codeOf(error)
  if (code === 'SQLITE_FULL') {
    return `the disk of the database ${path} is full: free some space, and writing continues`
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return `another program keeps the database ${path} locked: stop it, and writing continues`
  }
  if (/^SQLITE_(IOERR|CANTOPEN|READONLY)/.test(code)) {
    return `the database ${path} cannot be used (${code}): check its disk; work continues as soon as it can be used`
  }
  return undefined
}

/** The error to report, with advice if the file is damaged or not a database. */
export function explainStorage(error: unknown, path: string): unknown {
  const code = codeOf(error)
  if (code === 'SQLITE_NOTADB') {
    return new UsageError(`${path} is not an SQLite database: set DATABASE_PATH to another file`, {
      cause: error,
    })
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return new UsageError(
      `the database ${path} is damaged (${code}): restore a copy, or run "flowfi-indexer start --fresh", which keeps the damaged file under another name and indexes again what the RPC still has`,
      { cause: error },
    )
  }
  return error
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
