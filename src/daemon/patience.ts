import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { explainStorage, passingTrouble } from '../store/storage-error.ts'

/** Keeps work going through storage trouble that passes by itself: a full disk, a foreign lock. */
export interface Patience {
  /** Runs `work` again for as long as only such trouble ends it. */
  through(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>
  /** Something was written. */
  written(): void
  /** Why nothing can be written at the moment; null when nothing is known of that. */
  trouble(): string | null
}

/** Between two attempts: soon enough to go on at once, rare enough for the RPC that is asked again. */
const RETRY_MS = 1_000

export function createPatience(databasePath: string, log: Logger): Patience {
  let trouble: string | null = null

  return {
    async through(work, signal) {
      for (;;) {
        try {
          return await work(signal)
        } catch (error) {
          const reason = passingTrouble(error, databasePath)
          if (reason === undefined) throw explainStorage(error, databasePath)
          if (trouble !== reason) log.error({ reason }, 'the database cannot be used, trying again')
          trouble = reason
          await sleep(RETRY_MS, undefined, { signal }).catch(() => {})
        }
      }
    },
    written() {
      if (trouble !== null) log.info('the database can be used again')
      trouble = null
    },
    trouble: () => trouble,
  }
}
