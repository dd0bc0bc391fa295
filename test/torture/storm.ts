/**
 * Runs the indexer over RPCs that fail in every way, and kills it with SIGKILL now and then. A
 * storm has four acts. Between acts something worse may happen: nodes that have just started answer
 * for a while, or every node loses ledgers for good. After each act the RPCs work again, and the
 * indexer must reach the tip soon. At the end the log must hold every event, except those of
 * ledgers that no node had any more; these must be recorded as gaps.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Recording } from '../../src/simulator/recording.ts'
import { environment } from '../support/daemon.ts'
import { temporaryFolder } from '../support/process.ts'
import { lastLedger } from '../support/recorded.ts'
import { until } from '../support/until.ts'
import type { Weather } from './endpoint.ts'
import { createIndexer } from './indexer.ts'
import { startUnrulyNetwork } from './network.ts'
import { createRandom } from './random.ts'
import { expectWhole, hasRememberedLedger } from './whole.ts'
import type { Range } from './whole.ts'

export interface Storm {
  recording: Recording
  rpcs: number
  /** The least number of faults. */
  faults: number
  kills: number
  /** Whether nodes seem to lose ledgers between two acts, and later really lose some. */
  losses: boolean
  /** Milliseconds between two moments at which ledgers may close. */
  beatMs: number
  seed: number
  /** Called after each act with a line about it. */
  onAct?: (line: string) => void
}

export interface Survived {
  /** How often `/ready` answered 200, and how often 503. */
  ready: number
  unready: number
  strikes: number
  /** Of each act, milliseconds from the end of its last fault until the tip was reached. */
  recoveries: number[]
  lost: Range[]
}

const ACTS = 4
const MAX_LAG = 5
const TIP_STALL_SECONDS = 5
/** The age that an answer may have if its chain must be checked before it counts. */
const GRACE_MS = 16_000
/** Too short to confirm a loss, which takes 30 seconds. */
const SEEMING_LOSS_MS = 15_000
/** Longer than it takes to confirm a loss. */
const LONG_MS = 50_000
/** Ledgers that close while every connection is refused. */
const MISSED = 20
const LOST_MOST = 12

export async function surviveStorm(storm: Storm): Promise<Survived> {
  const { recording, rpcs, faults, kills, losses, beatMs, seed, onAct = () => {} } = storm
  const random = createRandom(seed)
  const network = await startUnrulyNetwork(recording, rpcs, createRandom(seed + 1_000))
  const urls = network.endpoints.map(({ url }) => url)
  const database = join(await temporaryFolder(), 'storm.db')
  const env = {
    ...environment(recording, { rpcUrl: urls.join(','), databasePath: database }),
    LOG_LEVEL: 'info',
    RPC_TIMEOUT_SECONDS: '1',
    READY_MAX_LAG: String(MAX_LAG),
    TIP_STALL_SECONDS: String(TIP_STALL_SECONDS),
  }
  /** The newest ledger, and when it closed. */
  const closings: { at: number; ledger: number }[] = []
  const indexer = createIndexer(env)
  const survived: Survived = { ready: 0, unready: 0, strikes: 0, recoveries: [], lost: [] }

  function close(ledgers: number): void {
    network.close(ledgers)
    closings.push({ at: performance.now(), ledger: network.latestLedger() })
  }

  /** A ledger may close. What the indexer says about itself must be true. */
  async function beat(): Promise<void> {
    close(Math.floor(random() * 1.35))
    await look()
    // This does not wait for a condition: ledgers close at their own pace.
    await sleep(beatMs)
  }

  async function look(): Promise<void> {
    const due = performance.now() - TIP_STALL_SECONDS * 1_000 - GRACE_MS
    const { status, ready, reasons, lagLedgers } = await indexer.ready()
    expect([status, reasons.length > 0]).toEqual(ready ? [200, false] : [503, true])
    survived[ready ? 'ready' : 'unready'] += 1
    if (!ready) return
    expect(lagLedgers).toBeLessThanOrEqual(MAX_LAG)
    const known = closings.findLast(({ at }) => at < due)?.ledger ?? 0
    expect(await indexer.checkpoint()).toBeGreaterThanOrEqual(known - MAX_LAG)
  }

  /** Beats until the condition holds. */
  async function beatUntil(done: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await done())) await beat()
  }

  async function beatFor(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds
    await beatUntil(() => performance.now() > end)
  }

  async function act(weather: Weather): Promise<void> {
    network.set(weather)
    const before = network.strikes()
    const share = Math.ceil(faults / ACTS)
    const killsLeft = Array.from(
      { length: Math.ceil(kills / ACTS) },
      () => before + Math.floor(random() * share),
    ).toSorted((a, b) => a - b)
    await beatUntil(async () => {
      const strikes = network.strikes()
      if (strikes < (killsLeft[0] ?? Number.POSITIVE_INFINITY)) return strikes - before >= share
      killsLeft.shift()
      await indexer.kill()
      await indexer.start()
      return false
    })
  }

  /** Ends the faults and measures how long the indexer takes to reach the tip. */
  async function recover(): Promise<void> {
    network.set('calm')
    close(1)
    const ended = Math.max(performance.now(), network.retryAfterEnds())
    const tip = network.latestLedger()
    await until(async () => (await indexer.checkpoint()) >= tip)
    const recoveryMs = Math.max(0, Math.round(performance.now() - ended))
    survived.recoveries.push(recoveryMs)
    const number = survived.recoveries.length
    onAct(`act ${number}: ${network.strikes()} faults, tip reached in ${recoveryMs} ms`)
    expect(await indexer.gaps()).toEqual(survived.lost)
  }

  /** A loss that is none: it does not last, or one RPC still has every ledger. */
  async function seemToLose(): Promise<void> {
    const [knowing, ...others] = network.endpoints
    if (others.length === 0) {
      network.set('only fresh nodes')
      return beatFor(SEEMING_LOSS_MS)
    }
    knowing!.set('storm')
    for (const other of others) other.set('only fresh nodes')
    await beatFor(LONG_MS)
  }

  /** Every node loses ledgers that the indexer does not have yet. */
  async function lose(killed: boolean): Promise<void> {
    network.set('down')
    const first = (await indexer.settledCheckpoint()) + 1
    if (killed) await indexer.kill()
    close(MISSED)
    const before = network.endpoints.map(() => first + 1 + Math.floor(random() * LOST_MOST))
    network.forget(before)
    network.set('storm')
    if (killed) await indexer.start()
    survived.lost.push({ from: first, to: Math.min(...before) - 1 })
    await beatUntil(async () => (await indexer.gaps()).length === survived.lost.length)
  }

  await indexer.start()
  await until(async () => (await indexer.checkpoint()) >= network.latestLedger())
  await until(() => hasRememberedLedger(database))
  // A chain is recognised by a remembered ledger. A loss may remove that ledger, so this comes first.
  await act('storm and other chains')
  await recover()
  if (losses) await seemToLose()
  await act('storm and other chains')
  await recover()
  if (losses) await lose(false)
  await act('storm')
  await recover()
  if (losses) await lose(true)
  await act('storm')
  await recover()

  const last = lastLedger(recording)
  close(Math.max(1, last + 1 - network.latestLedger()))
  await until(async () => (await indexer.checkpoint()) >= network.latestLedger())
  await until(async () => (await indexer.ready()).ready)
  await indexer.stop()
  expectWhole({ database, recording, last: network.latestLedger(), lost: survived.lost })
  return { ...survived, strikes: network.strikes() }
}
