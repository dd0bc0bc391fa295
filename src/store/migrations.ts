import { fileURLToPath } from 'node:url'
import type { Sqlite } from './sqlite.ts'
import { drizzle, migrate, readMigrationFiles } from './drizzle.ts'

const MIGRATIONS = { migrationsFolder: fileURLToPath(new URL('../../migrations', import.meta.url)) }

/** Drizzle's own table of the migrations that a database has had. */
export const MIGRATIONS_TABLE = '__drizzle_migrations'

/** Applies the migrations that the database does not have yet. */
export function migrateDatabase(sqlite: Sqlite): void {
  defineDecimalSum(sqlite)
  migrate(drizzle({ client: sqlite }), MIGRATIONS)
}

/** When the program's newest migration was made, in milliseconds. */
export function newestMigration(): number {
  return Math.max(...readMigrationFiles(MIGRATIONS).map(({ folderMillis }) => folderMillis))
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
