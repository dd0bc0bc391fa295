import { existsSync, renameSync } from 'node:fs'
import { requireContract, requireRpcUrls } from '../config/config.ts'
import type { Config } from '../config/config.ts'
import { launchIndexingThread } from '../daemon/thread.ts'
import { redact } from '../config/redact.ts'
import type { Terminal } from './terminal.ts'

/** Indexes and serves until `signal` aborts; rejects when a promise of our own is broken. */
export async function start(
  config: Config,
  { fresh = false, workers }: { fresh?: boolean; workers?: number },
  terminal: Terminal,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const contractId = requireContract(config)
  const rpc = requireRpcUrls(config).map(redact)
  const { interactive } = terminal
  const thread = launchIndexingThread({ ...config, contractId }, { interactive, logTo: 'stdout' })
  // Also while it waits for the database.
  signal.addEventListener('abort', thread.stop, { once: true })
  try {
    // Loaded while the thread loads its own modules.
    const { startDaemon } = await import('../daemon/daemon.ts')
    const { createLogger } = await import('./terminal.ts')
    const logger = createLogger(terminal, config.logLevel)
    const daemon = await startDaemon(config, {
      openIndexing: thread.open,
      logger,
      version,
      workers,
      ...(fresh && { beforeOpening: () => setAside(config.databasePath, terminal) }),
    })
    const { databasePath } = config
    logger.info({ url: daemon.url, contractId, databasePath, rpc, version }, 'started')
    try {
      await untilStopped(daemon.ended, signal)
      logger.info('stopping')
    } finally {
      // Also when indexing has failed: what still listens would keep the process alive.
      await daemon.close()
    }
    logger.info('stopped')
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    await thread.close()
  }
}

/** Gives the log's file another name, so that a new one begins; nothing is deleted. */
function setAside(path: string, terminal: Terminal): void {
  if (!existsSync(path)) return
  const keptAs = `${path}.${new Date().toISOString().slice(0, 19).replaceAll(':', '')}Z`
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, keptAs + suffix)
  }
  terminal.out.write(`the old log is kept as ${keptAs}\n`)
}

/** Waits for whichever comes first, the signal or the end (a failure, then) of what runs. */
export async function untilStopped(ended: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  signal.addEventListener('abort', () => resolve(), { once: true })
  await Promise.race([promise, ended])
}
