import { createDecoder } from '../decode/decode.ts'
import type { Decode } from '../domain/event.ts'
import type { Identity } from '../store/read/coverage.ts'
import type { Lock } from '../store/lock.ts'
import { claimStore, openStore } from '../store/store.ts'
import type { WritableStore } from '../store/store.ts'

export interface OpenLog {
  store: WritableStore
  decode: Decode
}

/**
 * Opens the log to index into, which migrates it. Throws UsageError when it cannot be used, or is
 * another contract's.
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
