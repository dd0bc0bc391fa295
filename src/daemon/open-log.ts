import { requireContract } from '../config.ts'
import type { Config } from '../config.ts'
import { createDecoder } from '../decode/decode.ts'
import type { Lock } from '../store/lock.ts'
import { claimStore, openStore } from '../store/store.ts'
import type { WritableStore } from '../store/store.ts'

export type Decode = ReturnType<typeof createDecoder>

export interface OpenLog {
  store: WritableStore
  decode: Decode
}

/**
 * Opens the log to index into, which migrates it. Throws UsageError when it cannot be used, or is
 * another contract's.
 */
export function openLog(
  config: Pick<Config, 'contractId' | 'databasePath' | 'networkPassphrase'>,
  lock: Lock,
): OpenLog {
  const contractId = requireContract(config)
  const decode = createDecoder()
  const store = openStore(config.databasePath, decode, lock)
  try {
    const { networkPassphrase } = config
    claimStore(store, config.databasePath, { networkPassphrase, contractId })
    return { store, decode }
  } catch (error) {
    store.close()
    throw error
  }
}
