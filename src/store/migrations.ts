import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Sqlite } from './sqlite.ts'

const FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url))

/** Drizzle's own table of the migrations that a database has had. */
export const MIGRATIONS_TABLE = '__drizzle_migrations'

/** Applies the migrations that the database does not have yet. */
export function migrateDatabase(sqlite: Sqlite): void {
  defineDecimalSum(sqlite)
  // A start on a migrated file does not load Drizzle, which would take a fifth of its time.
  if (appliedMigration(sqlite) >= newestMigration()) return
  const { drizzle, migrate } = loadDrizzle()
  migrate(drizzle({ client: sqlite }), { migrationsFolder: FOLDER })
}

/** When the program's newest migration was made, in milliseconds. */
export function newestMigration(): number {
  const text = readFileSync(join(FOLDER, 'meta', '_journal.json'), 'utf8')
  const { entries } = JSON.parse(text) as { entries: { when: number }[] }
  return Math.max(...entries.map(({ when }) => when))
}

/** When the newest migration that the database has had was made; 0 for an empty file. */
export function appliedMigration(sqlite: Sqlite): number {
  const table = sqlite
    .prepare("select 1 from sqlite_schema where type = 'table' and name = ?")
    .get(MIGRATIONS_TABLE)
  if (table === undefined) return 0
  return Number(sqlite.prepare(`select max(created_at) from ${MIGRATIONS_TABLE}`).pluck().get())
}

/** A migration adds up amounts, which are decimal text; SQLite's own numbers end at 2^63. */
function defineDecimalSum(sqlite: Sqlite): void {
  sqlite.aggregate<bigint>('decimal_sum', {
    start: 0n,
    step: (sum: bigint, value: unknown) => sum + BigInt(value as string),
    result: (sum) => sum.toString(),
  })
}

/**
 * Drizzle as CommonJS. Node reads a package's package.json again for every ES module that it resolves
 * in the package, and Drizzle's has 180 kB: as ES modules it would take five times as long to load.
 */
function loadDrizzle() {
  const require = createRequire(import.meta.url)
  const { drizzle } =
    require('drizzle-orm/better-sqlite3') as typeof import('drizzle-orm/better-sqlite3')
  const { migrate } =
    require('drizzle-orm/better-sqlite3/migrator') as typeof import('drizzle-orm/better-sqlite3/migrator')
  return { drizzle, migrate }
}
