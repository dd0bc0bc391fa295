import { existsSync, renameSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { requireContract, requireRpcUrls } from '../config.ts'
import type { Config } from '../config.ts'
import { startDaemon } from '../daemon.ts'
import { readRecording } from '../source/recording.ts'
import { createRecordingSource } from '../source/recording-source.ts'
import { createRpcSource } from '../source/rpc.ts'
import { redact } from './redact.ts'
import { createLogger, say } from './terminal.ts'
import type { Terminal } from './terminal.ts'

/** Indexes and serves until `signal` aborts; rejects when a promise of our own is broken. */
export async function start(
  config: Config,
  { fresh = false }: { fresh?: boolean },
  terminal: Terminal,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const logger = createLogger(terminal, config.logLevel)
  if (fresh) setAside(config.databasePath, terminal)
  const { source, sourceName } = await openSource(config)
  const daemon = await startDaemon(config, { source, sourceName, logger, version })
  const { contractId, databasePath } = config
  logger.info({ url: daemon.url, contractId, databasePath, rpc: sourceName, version }, 'started')
  await untilStopped(daemon.ended, signal)
  logger.info('stopping')
  await daemon.close()
  logger.info('stopped')
}

/** The RPC or recording that the configuration names. Throws UsageError when there is none. */
export async function openSource(config: Config) {
  const [url = ''] = requireRpcUrls(config)
  const contractId = requireContract(config)
  if (url.startsWith('file:')) {
    const recording = await readRecording(fileURLToPath(url))
    return { source: createRecordingSource(recording, contractId), sourceName: url }
  }
  const timeoutMs = config.rpcTimeoutSeconds * 1_000
  return { source: createRpcSource({ url, contractId, timeoutMs }), sourceName: redact(url) }
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
