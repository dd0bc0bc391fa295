import { setTimeout as sleep } from 'node:timers/promises'
import { startReplica } from '../daemon/replica.ts'
import type { ReplicaParts } from '../daemon/replica.ts'
import { runWorker } from '../daemon/worker.ts'
import type { Config } from '../config/config.ts'
import { UsageError } from '../domain/errors.ts'
import type { Invocation } from './invocation.ts'
import { createLogger } from './terminal.ts'

export interface ServeOptions {
  /** Set by a supervisor: how many workers serve on its port. */
  worker?: number
  port?: number
}

/** Serves a database that another process writes, until `signal` aborts. */
export async function serve(invocation: Invocation, options: ServeOptions): Promise<void> {
  const { terminal, version, signal } = invocation
  const { worker: count, port = invocation.config.port } = options
  const config = { ...invocation.config, port }
  const logger = createLogger(terminal, { level: config.logLevel })
  if (count !== undefined) return runWorker(config, { count, logger, version })
  return serveAlone(config, { logger, version }, signal)
}

/** How often to look whether the database file was replaced. */
const REPLACED_MS = 500

/**
 * If `start --fresh` or a restored copy replaces the database file, the new file is served on the
 * same port, and subscribers of the old one are told to reconnect.
 */
async function serveAlone(config: Config, parts: ReplicaParts, signal: AbortSignal): Promise<void> {
  const { logger, version } = parts
  let front = await startReplica(config, parts)
  const { databasePath } = config
  const settings = { ...config, port: Number(new URL(front.url).port) }
  logger.info({ url: front.url, databasePath, version }, 'serving')
  let lastReason: string | undefined

  /** Serves the new file, unless there is nothing to serve in it yet. */
  async function replace(): Promise<void> {
    try {
      const next = await startReplica(settings, parts)
      logger.warn({ databasePath }, 'the database file was replaced: serving the new one')
      const old = front
      front = next
      await old.close()
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      const reason = error.message
      if (reason !== lastReason) {
        logger.warn({ reason }, 'the new database file cannot be served yet')
      }
      lastReason = reason
    }
  }

  try {
    while (!signal.aborted) {
      const rest = sleep(REPLACED_MS, undefined, { signal }).catch(() => {})
      await Promise.race([rest, front.failed])
      if (!signal.aborted && front.isReplaced()) await replace()
    }
    logger.info('stopping')
  } finally {
    await front.close()
  }
  logger.info('stopped')
}
