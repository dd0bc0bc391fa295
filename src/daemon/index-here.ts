import type { Logger } from 'pino'
import { requireContract } from '../config/config.ts'
import type { Config } from '../config/config.ts'
import type { Clock } from '../domain/clock.ts'
import type { Lock } from '../store/lock.ts'
import { createIndexing } from './indexing.ts'
import type { Indexing } from './indexing.ts'
import { openLog } from './open-log.ts'
import { openSource } from './open-source.ts'

/**
 * The indexing half in this thread: simpler than a thread of its own, but it delays requests.
 * `clock` replaces what ingestion waits by.
 */
export function indexHere(
  config: Config,
  logger: Logger,
  clock: Partial<Clock> = {},
): (lock: Lock, port: number) => Promise<Indexing> {
  const settings = { ...config, contractId: requireContract(config) }
  return async (lock, port) => {
    if (config.redisUrl !== undefined) {
      const { openNode } = await import('./node.ts')
      return openNode(
        { ...settings, redisUrl: config.redisUrl },
        { logger, port, ...openLog(settings, lock) },
      )
    }
    const source = await openSource(settings, logger)
    try {
      const indexing = createIndexing(settings, {
        source,
        logger,
        clock,
        ...openLog(settings, lock),
      })
      return {
        ...indexing,
        async close() {
          await source.close()
          await indexing.close()
        },
      }
    } catch (error) {
      await source.close()
      throw error
    }
  }
}
