import { createDecoder } from '../decode/decode.ts'
import type { Decode } from '../domain/event.ts'
import type { Identity } from '../store/read/coverage.ts'
import type { Lock } from '../store/lock.ts'
import { claimStore, openStore } from '../store/store.ts'
import type { ReplaceableStore } from '../store/store.ts'

export interface OpenLog {
  store: ReplaceableStore
  decode: Decode
}

/**
 * Opens the database to index into, and migrates it. Without `lock` it takes the lock itself. Throws
 * UsageError if the file cannot be used, or belongs to another contract or network.
 */
export function openLog(
  { databasePath, networkPassphrase, contractId }: Identity & { databasePath: string },
  lock?: Lock,
): OpenLog {
  const decode = createDecoder()
  const store = openStore({ path: databasePath, decode, lock })
  try {
    claimStore(store, { networkPassphrase, contractId })
    return { store, decode }
  } catch (error) {
    store.close()
    throw error
  }
}
