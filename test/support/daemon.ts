import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished } from 'vitest'
import { openSource } from '../../src/daemon/open-source.ts'
import { parseConfig } from '../../src/config/config.ts'
import { startDaemon } from '../../src/daemon/daemon.ts'
import type { Daemon, DaemonOptions } from '../../src/daemon/daemon.ts'
import type { AsOf } from '../../src/http/json.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts'
import { temporaryFolder } from './process.ts'

/** The environment that makes the indexer follow a simulated RPC. */
export function environment(
  { header }: Recording,
  rpcUrl: string,
  databasePath: string,
): Record<string, string> {
  return {
    CONTRACT_ID: header.contractId,
    NETWORK: header.network.passphrase,
    RPC_URL: rpcUrl,
    DATABASE_PATH: databasePath,
    PORT: '0',
    LOG_LEVEL: 'silent',
    DRAIN_SECONDS: '0',
    // Tests ask again and again.
    RATE_LIMIT_PER_MINUTE: '0',
  }
}

/** A simulator that is closed when the test is over; all ledgers are closed unless `options` say. */
export async function simulate(
  recording: Recording,
  options: Partial<SimulatorOptions> = {},
): Promise<Simulator> {
  const simulator = await createSimulator({
    recording,
    speed: Number.POSITIVE_INFINITY,
    retentionWindow: 1_000_000,
    ...options,
  })
  onTestFinished(() => simulator.close())
  return simulator
}

/** The daemon built as `start` builds it, but in this thread. The caller closes it. */
export async function openIndexer(
  env: Record<string, string>,
  options: Pick<DaemonOptions, 'reconnectMs'> = {},
): Promise<Daemon> {
  const config = parseConfig(env)
  const logger = pino({ level: config.logLevel })
  const source = await openSource(config, logger)
  const { endpoints, counters } = source
  const sourceName = config.rpcUrls.join(',')
  const parts = { source, sourceName, endpoints, counters, logger, version: '0.0.0', ...options }
  let daemon: Daemon
  try {
    daemon = await startDaemon(config, parts)
  } catch (error) {
    await source.close()
    throw error
  }
  let closed: Promise<void> | undefined
  const close = () => (closed ??= daemon.close().finally(() => source.close()))
  return { ...daemon, close }
}

/** The same, closed when the test is over. */
export async function startIndexer(env: Record<string, string>): Promise<Daemon> {
  const daemon = await openIndexer(env)
  onTestFinished(daemon.close)
  return daemon
}

export interface Setup {
  daemon: Daemon
  simulator: Simulator
  env: Record<string, string>
}

/** A daemon on a new database over a simulator of `recording`. */
export async function setUp(
  recording: Recording,
  options: Partial<SimulatorOptions> = {},
  extra: Record<string, string> = {},
): Promise<Setup> {
  const simulator = await simulate(recording, options)
  const database = join(await temporaryFolder(), 'indexer.db')
  const env = { ...environment(recording, simulator.url, database), ...extra }
  return { daemon: await startIndexer(env), simulator, env }
}

export interface Answer<T> {
  data: T
  nextCursor?: string | null
  asOf: NonNullable<AsOf>
}

/** The JSON at a URL that must answer 200. */
export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url)
  const text = await response.text()
  expect(response.status, `${url}: ${text}`).toBe(200)
  return JSON.parse(text) as T
}

/** Waits until everything through `ledger` has been indexed. */
export async function indexed(url: string, ledger: number): Promise<void> {
  const reached = async () => {
    const { checkpoint } = await getJson<{ checkpoint: { ledger: number } | null }>(`${url}/status`)
    return checkpoint?.ledger ?? 0
  }
  await expect.poll(reached, { interval: 10 }).toBeGreaterThanOrEqual(ledger)
}
