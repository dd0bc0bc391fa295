import { existsSync, renameSync } from 'node:fs'
import type { Config } from '../config.ts'
import { startDaemon } from '../daemon.ts'
import { openSource } from '../daemon/open-source.ts'
import { createLogger, say } from './terminal.ts'
import type { Terminal } from './terminal.ts'

/** Indexes and serves until `signal` aborts; rejects when a promise of our own is broken. */
export async function start(
  config: Config,
  { fresh = false, workers }: { fresh?: boolean; workers?: number },
  terminal: Terminal,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const logger = createLogger(terminal, config.logLevel)
  const source = await openSource(config, logger)
  const rpc = source.endpoints().map(({ url }) => url)
  const { endpoints, counters } = source
  const parts = {
    source,
    sourceName: rpc.join(','),
    endpoints,
    counters,
    logger,
    version,
    workers,
    ...(fresh && { beforeOpening: () => setAside(config.databasePath, terminal) }),
  }
  const { contractId, databasePath } = config
  try {
    const daemon = await startDaemon(config, parts)
    logger.info({ url: daemon.url, contractId, databasePath, rpc, version }, 'started')
    try {
      await untilStopped(daemon.ended, signal)
      logger.info('stopping')
    } finally {
      // Also when ingestion has failed: what still listens would keep the process alive.
      await daemon.close()
    }
  } finally {
    await source.close()
  }
  logger.info('stopped')
}

/** Gives the log's file another name, so that a new one begins; nothing is deleted. */
function setAside(path: string, terminal: Terminal): void {
  if (!existsSync(path)) return
  const keptAs = `${path}.${new Date().toISOString().slice(0, 19).replaceAll(':', '')}Z`
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, keptAs + suffix)
  }
  say(terminal, `the old log is kept as ${keptAs}`)
}

/** Waits for whichever comes first, the signal or the end (a failure, then) of what runs. */
export async function untilStopped(ended: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  signal.addEventListener('abort', () => resolve(), { once: true })
  await Promise.race([promise, ended])
}
