import { existsSync } from 'node:fs'
import { enableCompileCache, flushCompileCache } from 'node:module'
import { dirname, join } from 'node:path'

/**
 * Keeps compiled code beside the database: loading modules is nearly all of the time to start.
 * Without a folder that can be written there is no cache, and nothing else is different. Returns
 * the variable that hands the cache on to threads and child processes.
 */
export function cacheCompiledCode(databasePath: string): { NODE_COMPILE_CACHE?: string } {
  const folder = dirname(databasePath)
  if (!existsSync(folder)) return {}
  const { directory } = enableCompileCache(join(folder, '.compile-cache'))
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: directory }
}

/**
 * Writes what this thread has compiled so far. Node does so only at a normal exit, so a program that
 * is killed would compile everything again at its next start. Later starts have nothing to write.
 */
export function saveCompiledCode(): void {
  flushCompileCache()
}
