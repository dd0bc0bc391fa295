import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished } from 'vitest'
import { indexHere } from '../../src/daemon/index-here.ts'
import { parseConfig } from '../../src/config/config.ts'
import { startDaemon } from '../../src/daemon/daemon.ts'
import type { Daemon, DaemonOptions } from '../../src/daemon/daemon.ts'
import type { AsOf } from '../../src/http/json.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts'
import { until } from './until.ts'

/** The environment that makes the indexer follow a simulated RPC. */
export function environment(
  { header }: Recording,
  { rpcUrl, databasePath }: { rpcUrl: string; databasePath: string },
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

/** A simulator that is closed after the test. All ledgers are closed unless `options` say less. */
export async function simulate(
  recording: Recording,
  options: Partial<SimulatorOptions> = {},
): Promise<Simulator> {
  const simulator = await openSimulator(recording, options)
  onTestFinished(() => simulator.close())
  return simulator
}

function openSimulator(
  recording: Recording,
  options: Partial<SimulatorOptions>,
): Promise<Simulator> {
  return createSimulator({ recording, speed: Infinity, retentionWindow: 1_000_000, ...options })
}

/** A daemon that indexes in this thread. It is closed after the test, if it was not closed before. */
export async function startIndexer(env: Record<string, string>): Promise<Daemon> {
  const daemon = await openIndexer(env)
  onTestFinished(daemon.close)
  return daemon
}

type Options = Partial<Pick<DaemonOptions, 'reconnectMs' | 'logger'>>

async function openIndexer(
  env: Record<string, string>,
  { logger: given, ...options }: Options = {},
): Promise<Daemon> {
  const config = parseConfig(env)
  const logger = given ?? pino({ level: config.logLevel })
  const openIndexing = indexHere(config, logger)
  const daemon = await startDaemon(config, { openIndexing, logger, version: '0.0.0', ...options })
  let closed: Promise<void> | undefined
  return { ...daemon, close: () => (closed ??= daemon.close()) }
}

export interface SetupOptions extends Options {
  simulator?: Partial<SimulatorOptions>
  /** Beside what `environment` sets. */
  env?: Record<string, string>
}

export interface Setup {
  daemon: Daemon
  simulator: Simulator
  env: Record<string, string>
  close(): Promise<void>
}

/** A daemon on a new database over a simulator of `recording`. The caller closes it. */
export async function openSetup(recording: Recording, options: SetupOptions = {}): Promise<Setup> {
  const folder = await mkdtemp(join(tmpdir(), 'flowfi-test-'))
  const simulator = await openSimulator(recording, options.simulator ?? {})
  const paths = { rpcUrl: simulator.url, databasePath: join(folder, 'indexer.db') }
  const env = { ...environment(recording, paths), ...options.env }
  const { reconnectMs, logger } = options
  const daemon = await openIndexer(env, {
    ...(reconnectMs && { reconnectMs }),
    ...(logger && { logger }),
  })
  return {
    daemon,
    simulator,
    env,
    async close() {
      await daemon.close()
      await simulator.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The same, closed after the test. */
export async function setUp(recording: Recording, options: SetupOptions = {}): Promise<Setup> {
  const setup = await openSetup(recording, options)
  onTestFinished(setup.close)
  return setup
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
  await until(async () => {
    const { checkpoint } = await getJson<{ checkpoint: { ledger: number } | null }>(`${url}/status`)
    return (checkpoint?.ledger ?? 0) >= ledger
  })
}
