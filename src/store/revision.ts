import type { Sqlite } from './sqlite.ts'

/**
 * How often streams or stored events have changed without a new event: by records of the chain, or
 * by a rebuild. SQLite keeps the number in the file's header and writes it with the transaction;
 * readers learn by it that what they have read before may be wrong.
 */
export function createRevision(sqlite: Sqlite): () => number {
  const read = sqlite.prepare('pragma user_version').pluck()
  return () => read.get() as number
}

/** To be called in the transaction that makes the change. */
export function raiseRevision(sqlite: Sqlite): void {
  const now = sqlite.pragma('user_version', { simple: true }) as number
  sqlite.pragma(`user_version = ${(now + 1) % MOST}`)
}

/** The header has 32 bits, one of them for the sign. */
const MOST = 2 ** 31
