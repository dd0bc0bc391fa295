import { readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Copies are kept beside the database until they have been sent. Their names say which process made
 * them, so that all processes that serve one file can count them, and what a killed one has left is
 * recognised.
 */
export interface Spool {
  /** The path of a new copy; undefined if there are too many. The caller removes it. */
  take(): string | undefined
  remove(path: string): void
}

/** Each takes as much of the disk as the database. */
const MOST_AT_ONCE = 2

export function createSpool(databasePath: string): Spool {
  const folder = dirname(databasePath)
  const prefix = `${basename(databasePath)}.snapshot-`
  /** Those of this process that are in use. */
  const own = new Set<string>()
  let made = 0

  /** The copies in use, in all processes. Removes what nobody uses any more. */
  function inUse(): number {
    const names = readdirSync(folder).filter((name) => name.startsWith(prefix))
    const used = new Set<string>()
    for (const name of names) {
      // SQLite keeps a journal beside a copy, under its name and `-journal`.
      const [pid = '', number = ''] = name.slice(prefix.length).split('-')
      const copy = `${prefix}${pid}-${number}`
      const isUsed = Number(pid) === process.pid ? own.has(copy) : isRunning(Number(pid))
      if (isUsed) used.add(copy)
      else rmSync(join(folder, name), { force: true })
    }
    // One that was taken a moment ago has no file yet.
    for (const name of own) used.add(name)
    return used.size
  }

  return {
    take() {
      if (inUse() >= MOST_AT_ONCE) return undefined
      const name = `${prefix}${process.pid}-${(made += 1)}`
      own.add(name)
      return join(folder, name)
    },
    remove(path) {
      for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(path + suffix, { force: true })
      own.delete(basename(path))
    },
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Another user's process exists, too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
