import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { explainStorage, passingTrouble } from '../store/storage-error.ts'

/** Keeps work going through storage trouble that passes by itself: a full disk, another's lock. */
export interface Patience {
  /** Runs `work` again whenever such trouble ends it. */
  through(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>
  /** Call after each commit: the trouble is over. */
  written(): void
  /** Why nothing can be written at the moment; null if there is no known reason. */
  trouble(): string | null
}

/** Between two attempts. Each asks the RPC again, so they must not be frequent. */
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
