import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDecoder } from '../../src/decode/decode.ts'
import { openStore, openStoreForReading } from '../../src/store/store.ts'
import type { Store, WritableStore } from '../../src/store/store.ts'

export interface TwoConnections {
  writing: WritableStore
  reading: Store
  close(): Promise<void>
}

/** A database in a file: one connection writes it, another reads it, as in the daemon. */
export async function openTwoConnections(): Promise<TwoConnections> {
  const folder = await mkdtemp(join(tmpdir(), 'two-'))
  const path = join(folder, 'feed.db')
  const writing = openStore({ path, decode: createDecoder() })
  const reading = openStoreForReading(path)
  return {
    writing,
    reading,
    async close() {
      reading.close()
      writing.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
