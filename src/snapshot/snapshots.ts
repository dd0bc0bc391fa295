import { statfsSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Copy } from './copy.ts'
import type { CopyData } from './copy.thread.ts'
import { createSpool } from './spool.ts'
import type { Spool } from './spool.ts'

/**
 * Copies of the database, by which a new node begins where another one is.
 *
 * - snapshots.ts            makes them while the database is being served
 * - copy.ts, copy.thread.ts  one copy, in a thread of its own
 * - spool.ts                where they are kept meanwhile, and how many at once
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
        const copy = await copyInThread({ from: databasePath, to: path }, signal)
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

/** Settles once the thread has ended: it writes no more. */
async function copyInThread(data: CopyData, signal: AbortSignal): Promise<Copy | undefined> {
  const worker = new Worker(ENTRY, { workerData: data })
  const done = Promise.withResolvers<Copy | undefined>()
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      done.reject(new Error(`the thread that copies the database ended with code ${code}`))
      resolve()
    })
  })
  const stop = () => done.reject(signal.reason)
  worker.once('message', done.resolve)
  worker.once('error', done.reject)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    return await done.promise
  } finally {
    signal.removeEventListener('abort', stop)
    await worker.terminate()
    await ended
  }
}
