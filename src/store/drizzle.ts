import { createRequire } from 'node:module'

/**
 * Drizzle, loaded as CommonJS. Node reads a package's package.json again for every ES module that it
 * resolves in the package, and Drizzle's has 180 kB: its ES modules take half a second to load, its
 * CommonJS modules a tenth of that. The daemon would start later by this time.
 */
const require = createRequire(import.meta.url)

export const { getTableColumns, sql } = require('drizzle-orm') as typeof import('drizzle-orm')
export const { drizzle } =
  require('drizzle-orm/better-sqlite3') as typeof import('drizzle-orm/better-sqlite3')
export const { migrate } =
  require('drizzle-orm/better-sqlite3/migrator') as typeof import('drizzle-orm/better-sqlite3/migrator')
export const { readMigrationFiles } =
  require('drizzle-orm/migrator') as typeof import('drizzle-orm/migrator')
export const { index, integer, primaryKey, sqliteTable, text } =
  require('drizzle-orm/sqlite-core') as typeof import('drizzle-orm/sqlite-core')
