import { existsSync, renameSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { requireContract, requireRpcUrls } from '../config.ts'
import type { Config } from '../config.ts'
import { startDaemon } from '../daemon.ts'
import { createFailoverSource } from '../source/failover.ts'
import type { FailoverSource } from '../source/failover.ts'
import { readRecording } from '../source/recording.ts'
import { createRecordingSource } from '../source/recording-source.ts'
import { createRpcSource } from '../source/rpc.ts'
import { redact } from '../redact.ts'
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
  if (fresh) setAside(config.databasePath, terminal)
  const source = await openSource(config, logger)
  const rpc = source.endpoints().map(({ url }) => url)
  const { endpoints, counters } = source
  const parts = { source, sourceName: rpc.join(','), endpoints, counters, logger, version, workers }
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

/** The RPCs and recordings that the configuration names. Throws UsageError when there are none. */
export async function openSource(config: Config, log: Logger): Promise<FailoverSource> {
  const contractId = requireContract(config)
  const timeoutMs = config.rpcTimeoutSeconds * 1_000
  const endpoints = await Promise.all(
    requireRpcUrls(config).map(async (url) => {
      if (!url.startsWith('file:')) {
        return { name: redact(url), source: createRpcSource({ url, contractId, timeoutMs }) }
      }
      const recording = await readRecording(fileURLToPath(url))
      return { name: url, source: createRecordingSource(recording, contractId) }
    }),
  )
  return createFailoverSource({
    endpoints,
    networkPassphrase: config.networkPassphrase,
    contractId,
    agreement: config.rpcAgreement,
    log,
    // A page can take three calls: its own, one more at the edge of retention, one for a close time.
    callTimeoutMs: 3 * timeoutMs,
  })
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
