import type { Sqlite } from './sqlite.ts'

/**
 * Counts how often streams or stored events have changed without a new event: by records of the
 * chain, or by a rebuild. Readers compare it to see whether what they read before may be wrong.
 * SQLite keeps the number in the file's header and writes it with the transaction.
 */
export function createRevision(sqlite: Sqlite): () => number {
  const read = sqlite.prepare('pragma user_version').pluck()
  return () => read.get() as number
}

/** Call it in the transaction that makes the change. */
export function raiseRevision(sqlite: Sqlite): void {
  const now = sqlite.pragma('user_version', { simple: true }) as number
  sqlite.pragma(`user_version = ${(now + 1) % MODULUS}`)
}

/** The header has 32 bits for the number, one of them for the sign. */
const MODULUS = 2 ** 31
