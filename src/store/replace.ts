import { renameSync, rmSync } from 'node:fs'

/**
 * Puts another file into the place of a database file, which is deleted. Nobody may write to either;
 * those who read the old one keep it until they open the path again. If the process is killed in the
 * middle, there is the old file, the new one, or none.
 */
export function replaceFile(path: string, by: string): void {
  const old = `${path}.replaced`
  // SQLite would take a WAL beside the new file for its own, and without its WAL the old file may be
  // damaged: so the old file goes first, its WAL next, and only then the new one comes.
  rmSync(old, { force: true })
  renameIfThere(path, old)
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
  renameSync(by, path)
  rmSync(old, { force: true })
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
