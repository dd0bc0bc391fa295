import { existsSync, renameSync } from 'node:fs'
import { saveCompiledCode } from '../config/compile-cache.ts'
import { requireContract, requireRpcUrls } from '../config/config.ts'
import { redact } from '../config/redact.ts'
import { launchIndexingThread } from '../daemon/thread.ts'
import { untilStopped } from './invocation.ts'
import type { Invocation } from './invocation.ts'
import type { Terminal } from './terminal.ts'

export interface StartOptions {
  /** Begin a new log, and keep the old file under another name. */
  fresh?: boolean
  /** Serve from this many processes, while this one indexes. */
  workers?: number
}

/** Indexes and serves until `signal` aborts. Rejects if indexing or serving cannot go on. */
export async function start(invocation: Invocation, options: StartOptions): Promise<void> {
  const { config, terminal, version, signal } = invocation
  const { fresh = false, workers } = options
  const contractId = requireContract(config)
  const rpc = requireRpcUrls(config).map(redact)
  const { interactive } = terminal
  const thread = launchIndexingThread({ ...config, contractId }, { interactive, logTo: 'stdout' })
  // The thread can be waiting for the database, before there is a daemon to close.
  signal.addEventListener('abort', thread.stop, { once: true })
  try {
    // Loaded while the thread loads its own modules.
    const { startDaemon } = await import('../daemon/daemon.ts')
    const { createLogger } = await import('./terminal.ts')
    const logger = createLogger(terminal, { level: config.logLevel })
    const daemon = await startDaemon(config, {
      openIndexing: thread.open,
      logger,
      version,
      workers,
      ...(fresh && { beforeOpening: () => setAside(config.databasePath, terminal) }),
    })
    signal.removeEventListener('abort', thread.stop)
    const { databasePath } = config
    logger.info({ url: daemon.url, contractId, databasePath, rpc, version }, 'started')
    setImmediate(saveCompiledCode)
    try {
      await untilStopped(signal, daemon.ended)
      logger.info('stopping')
    } finally {
      // Also after a failure: an open port would keep the process alive.
      await daemon.close()
    }
    logger.info('stopped')
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    await thread.close()
  }
}

/** Renames the files of the log, so that a new one begins; nothing is deleted. */
function setAside(path: string, terminal: Terminal): void {
  if (!existsSync(path)) return
  const keptAs = `${path}.${new Date().toISOString().slice(0, 19).replaceAll(':', '')}Z`
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, keptAs + suffix)
  }
  terminal.out.write(`the old log is kept as ${keptAs}\n`)
}
