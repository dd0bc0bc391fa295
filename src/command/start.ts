import { requireContract, requireRpcUrls } from '../config.ts'
import type { Config } from '../config.ts'
import { startDaemon } from '../daemon.ts'
import { createRpcSource } from '../source/rpc.ts'
import { redact } from './redact.ts'
import { createLogger } from './terminal.ts'
import type { Terminal } from './terminal.ts'

/** Indexes and serves until `signal` aborts; rejects when a promise of our own is broken. */
export async function start(
  config: Config,
  terminal: Terminal,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const logger = createLogger(terminal, config.logLevel)
  const { source, sourceName } = createSource(config)
  const daemon = await startDaemon(config, { source, sourceName, logger, version })
  const { contractId, databasePath } = config
  logger.info({ url: daemon.url, contractId, databasePath, rpc: sourceName, version }, 'started')
  await untilStopped(daemon.ended, signal)
  logger.info('stopping')
  await daemon.close()
  logger.info('stopped')
}

/** The RPC that the configuration names. Throws UsageError when it names none. */
export function createSource(config: Config) {
  const [url = ''] = requireRpcUrls(config)
  const source = createRpcSource({
    url,
    contractId: requireContract(config),
    timeoutMs: config.rpcTimeoutSeconds * 1_000,
  })
  return { source, sourceName: redact(url) }
}

/** Waits for whichever comes first, the signal or the end (a failure, then) of what runs. */
export async function untilStopped(ended: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  signal.addEventListener('abort', () => resolve(), { once: true })
  await Promise.race([promise, ended])
}
