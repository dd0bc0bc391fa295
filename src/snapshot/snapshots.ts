import { statfsSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Copy } from './copy.ts'
import type { CopyData } from './copy.thread.ts'
import { inThread } from './thread.ts'
import { createSpool } from './spool.ts'
import type { Spool } from './spool.ts'

/**
 * Copies of the database, by which a new node begins where another one is.
 *
 * - snapshots.ts  makes them while the database is being served
 * - copy.ts       one copy: copy.thread.ts
 * - spool.ts      where they are kept meanwhile, and how many at once
 * - seed.ts       begins a database with one of another node
 * - fetch.ts      downloads it
 * - verify.ts     whether it can be used, before it is: verify.thread.ts
 * - thread.ts     runs a module in a thread of its own
 */
export interface Snapshots {
  /**
   * Makes a copy, or says why there is none. The caller releases it. Rejects if it fails, or if
   * `signal` aborts.
   */
  take(signal: AbortSignal): Promise<Snapshot | 'busy' | 'empty' | 'no space'>
}

export interface Snapshot extends Copy {
  file: FileHandle
  /** Deletes the copy. */
  release(): Promise<void>
}

/** The writer needs some space meanwhile: a copy must not fill the disk. */
const SPARE_BYTES = 64 * 1024 * 1024

const ENTRY = new URL('copy.thread.ts', import.meta.url)

export function createSnapshots(databasePath: string): Snapshots {
  const spool = createSpool(databasePath)
  return {
    async take(signal) {
      signal.throwIfAborted()
      if (!hasRoomFor(databasePath)) return 'no space'
      const path = spool.take()
      if (path === undefined) return 'busy'
      try {
        const data: CopyData = { from: databasePath, to: path }
        const copy = await inThread<Copy | undefined>(ENTRY, data, signal)
        if (copy !== undefined) return await opened(copy, { spool, path })
        spool.remove(path)
        return 'empty'
      } catch (error) {
        spool.remove(path)
        throw error
      }
    },
  }
}

async function opened(
  copy: Copy,
  { spool, path }: { spool: Spool; path: string },
): Promise<Snapshot> {
  const file = await open(path)
  return {
    ...copy,
    file,
    async release() {
      try {
        await file.close()
      } finally {
        spool.remove(path)
      }
    },
  }
}

/** The copy is as large as the database with what is still in its WAL. */
function hasRoomFor(path: string): boolean {
  const { bavail, bsize } = statfsSync(dirname(path))
  const sizes = [path, `${path}-wal`].map(
    (each) => statSync(each, { throwIfNoEntry: false })?.size ?? 0,
  )
  return bavail * bsize > sizes.reduce((sum, size) => sum + size, SPARE_BYTES)
}
