import Database from 'better-sqlite3'
import type { Cursor } from '../domain/cursor.ts'
import { openDatabase } from '../store/database.ts'
import { createCoverage } from '../store/read/coverage.ts'
import type { Identity } from '../store/read/coverage.ts'

export interface Expected {
  /** What the node that sent it says. */
  cursor: Cursor
  identity: Identity
  /** The new database must not end before it; undefined: wherever it ends. */
  atLeast: Cursor | undefined
}

/**
 * Checks a file that is to become the database, and migrates it. Throws with the reason if it cannot
 * be used. It reads the whole file: it belongs into a thread.
 */
export function verifyDatabase(path: string, expected: Expected): void {
  // Before any table is trusted, and before anything is written.
  const file = new Database(path, { readonly: true, fileMustExist: true })
  try {
    const found = file.pragma('integrity_check(1)', { simple: true })
    if (found !== 'ok') throw new Error(`it is damaged: ${String(found)}`)
  } finally {
    file.close()
  }
  // Refuses databases of other programs and of newer versions.
  const sqlite = openDatabase(path)
  try {
    const coverage = createCoverage(sqlite)
    compare(expected, coverage.identity(), coverage.checkpoint()?.cursor)
    sqlite.pragma('wal_checkpoint(truncate)')
    // It has to be one file when it takes the place of another.
    sqlite.pragma('journal_mode = delete')
  } finally {
    sqlite.close()
  }
}

function compare(expected: Expected, identity: Identity | undefined, cursor?: Cursor): void {
  const { networkPassphrase, contractId } = expected.identity
  if (identity?.networkPassphrase !== networkPassphrase) {
    throw new Error(`it belongs to the network "${identity?.networkPassphrase}"`)
  }
  if (identity.contractId !== contractId) {
    throw new Error(`it belongs to the contract ${identity.contractId}`)
  }
  if (cursor !== expected.cursor) {
    throw new Error(`it ends at ${cursor}, not at ${expected.cursor} as was said`)
  }
  if (expected.atLeast !== undefined && cursor < expected.atLeast) {
    throw new Error(`it ends at ${cursor}, before what this node has already (${expected.atLeast})`)
  }
}
