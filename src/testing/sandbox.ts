import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '../config/config.ts'
import type { Env } from '../config/env.ts'
import { readVersion } from '../config/version.ts'
import { startDaemon } from '../daemon/daemon.ts'
import { indexHere } from '../daemon/index-here.ts'
import { createLogger } from '../daemon/logger.ts'
import { realClock } from '../domain/clock.ts'
import { UsageError } from '../domain/errors.ts'
import { readFaultScript } from '../simulator/faults.ts'
import type { FaultScript } from '../simulator/faults.ts'
import type { Recording } from '../simulator/recording.ts'
import { createSimulator } from '../simulator/simulator.ts'
import { openStoreForReading } from '../store/store.ts'
import { findRecording } from './bundled.ts'
import type { BundledRecording } from './bundled.ts'
import { createWakeableClock } from './wakeable.ts'

/**
 * What `flowfi-indexer/testing` exports: a simulated RPC and a daemon for other people's tests.
 * Ledgers close when the test says so, and the time between is no time to wait.
 *
 * bundled     the recordings that come with the package
 * wakeable    lets the daemon poll at once when a ledger has closed
 */

export type { BundledRecording, FaultScript, Recording }

export interface SandboxOptions {
  /** The name of a bundled recording, the path of a file, or a recording in memory. */
  recording: BundledRecording | (string & {}) | Recording
  /** What goes wrong at the RPC: a script as in `simulate --faults`, or the path of one. */
  faults?: FaultScript | string | undefined
  /** Variables of the daemon, as in the README. They override what the sandbox sets. */
  env?: Env | undefined
}

export interface Sandbox {
  /** Where the daemon serves. */
  readonly url: string
  /** Where the simulated RPC serves. */
  readonly rpcUrl: string
  /**
   * Closes the next ledgers, as far as the recording goes. Resolves when the daemon's checkpoint has
   * them.
   */
  advance(ledgers?: number): Promise<void>
  /** Ends everything and removes the database. It may be called twice. */
  close(): Promise<void>
}

/** Between two looks at the checkpoint. */
const LOOK_MS = 5
/** With faults the first ledger may never be indexed: the sandbox starts without it after this time. */
const FAULTY_START_MS = 5_000

/**
 * Starts a simulator at the first ledger of the recording and a daemon that follows it, on free ports
 * of this machine. Resolves when the first ledger is indexed. Throws if an option is wrong.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const recording = await findRecording(options.recording)
  const { faults = [] } = options
  const script = typeof faults === 'string' ? await readFaultScript(faults) : faults
  const undo: (() => unknown)[] = []
  const undoAll = async () => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step()
  }
  try {
    const folder = await mkdtemp(join(tmpdir(), 'flowfi-sandbox-'))
    undo.push(() => rm(folder, { recursive: true, force: true }))
    const simulator = await createSimulator({
      recording,
      faults: script,
      speed: 0,
      // A test may close any number of ledgers at once. None of them is forgotten meanwhile.
      retentionWindow: Number.MAX_SAFE_INTEGER,
    })
    undo.push(simulator.close)
    const follower = await follow({
      ...environment(recording, { rpcUrl: simulator.url, databasePath: join(folder, 'flowfi.db') }),
      ...options.env,
    })
    undo.push(follower.close)
    await follower.reached(simulator.latestLedger(), script.length > 0 ? FAULTY_START_MS : Infinity)
    let closed: Promise<void> | undefined
    return {
      url: follower.url,
      rpcUrl: simulator.url,
      async advance(ledgers = 1) {
        const count = requireCount(ledgers)
        await follower.reached(simulator.closeNext(count))
      },
      close: () => (closed ??= undoAll()),
    }
  } catch (error) {
    await undoAll()
    throw error
  }
}

/** What differs from the defaults of a daemon. */
function environment(
  { header }: Recording,
  { rpcUrl, databasePath }: { rpcUrl: string; databasePath: string },
): Env {
  return {
    CONTRACT_ID: header.contractId,
    NETWORK: header.network.passphrase,
    RPC_URL: rpcUrl,
    DATABASE_PATH: databasePath,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'silent',
    DRAIN_SECONDS: '0',
    // Ledgers close when the test says so, however late that is.
    TIP_STALL_SECONDS: '0',
    // Tests ask again and again.
    RATE_LIMIT_PER_MINUTE: '0',
  }
}

interface Follower {
  url: string
  /** Polls now, and waits until the checkpoint is at this ledger, or for this time. */
  reached(ledger: number, withinMs?: number): Promise<void>
  close(): Promise<void>
}

/** A daemon that polls when it is asked to. */
async function follow(env: Env): Promise<Follower> {
  const config = parseConfig(env)
  const stream = process.stderr
  const logger = createLogger({ level: config.logLevel, stream, interactive: false })
  const { clock, wake } = createWakeableClock()
  const openIndexing = indexHere(config, logger, clock)
  const daemon = await startDaemon(config, { openIndexing, logger, version: readVersion() })
  const store = openStoreForReading(config.databasePath)
  const closing = new AbortController()
  // Then the checkpoint does not move any more: `reached` throws this error.
  daemon.ended.catch((error: unknown) => closing.abort(error))
  return {
    url: daemon.url,
    async reached(ledger, withinMs = Infinity) {
      wake()
      const deadline = performance.now() + withinMs
      for (;;) {
        closing.signal.throwIfAborted()
        const checkpoint = store.coverage.checkpoint()
        if (checkpoint !== undefined && checkpoint.ledger >= ledger) return
        if (performance.now() >= deadline) return
        await realClock.sleep(LOOK_MS, closing.signal)
      }
    },
    async close() {
      closing.abort(new Error('the sandbox was closed'))
      store.close()
      await daemon.close()
    },
  }
}

function requireCount(ledgers: number): number {
  if (ledgers === Infinity || (Number.isSafeInteger(ledgers) && ledgers >= 0)) return ledgers
  throw new UsageError(`advance(${ledgers}) is invalid: expected a whole number of ledgers`)
}
