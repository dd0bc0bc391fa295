/** P2, P3: whatever happens to several RPCs at once, the rows are the same as without faults. */
import { fc, test as property } from '@fast-check/vitest'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { completeThrough, endOfLedger } from '../../src/domain/cursor.ts'
import { SourceError } from '../../src/domain/errors.ts'
import type { Fault } from '../../src/domain/faults.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import { createFailoverSource } from '../../src/failover/failover.ts'
import type { FailoverOptions, FailoverSource } from '../../src/failover/failover.ts'
import { createRpcSource } from '../../src/source/rpc/rpc.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { contents, undisturbed } from '../support/ingestion.ts'
import { loadRecording, memoryStore } from '../support/recordings.ts'
import type { TestStore } from '../support/recordings.ts'
import { createRandom } from '../torture/random.ts'
import { createVirtualTime } from '../support/virtual-time.ts'
import type { VirtualTime } from '../support/virtual-time.ts'

const quirks = await loadRecording('quirks')
const { contractId, network, firstLedger } = quirks.header
const last = quirks.ledgers.at(-1)!.sequence
const SECOND = 1_000

function createIngestion(source: LedgerSource, time: VirtualTime) {
  const store = memoryStore()
  const ingest = createIngest({
    source,
    coverage: store.coverage,
    writer: store.writer,
    decode: createDecoder(),
    startLedger: 'oldest',
    identity: { networkPassphrase: network.passphrase, contractId },
    log: pino({ level: 'silent' }),
    onApplied() {},
    pageSize: 60,
    now: time.now,
    sleep: time.sleep,
    random: () => 0.5,
  })
  return { store, ingest }
}

const calm = await undisturbed(quirks)

interface Storm {
  time: VirtualTime
  nodes: Simulator[]
  source: FailoverSource
  store: TestStore
  /** The last ledger that is complete in the store. */
  reached(): number
  /** Runs until the last ledger is in the store, and stops. */
  finish(): Promise<void>
}

async function raise(
  nodeOptions: readonly Partial<SimulatorOptions>[],
  failover: Partial<FailoverOptions> = {},
  disturbed: (source: LedgerSource, time: VirtualTime, node: number) => LedgerSource = (direct) =>
    direct,
): Promise<Storm> {
  const time = createVirtualTime()
  const nodes: Simulator[] = []
  for (const options of nodeOptions) {
    nodes.push(await createSimulator({ recording: quirks, speed: Infinity, ...options }))
  }
  const source = createFailoverSource({
    endpoints: nodes.map(({ url }, i) => {
      const direct = createRpcSource({ url, contractId, timeoutMs: 60_000 })
      return { name: String(i), source: disturbed(time.around(direct), time, i) }
    }),
    networkPassphrase: network.passphrase,
    contractId,
    log: pino({ level: 'silent' }),
    callTimeoutMs: 60 * SECOND,
    now: time.now,
    after: time.after,
    random: () => 0.5,
    ...failover,
  })
  const { store, ingest } = createIngestion(source, time)
  const stopping = new AbortController()
  const run = ingest.run(stopping.signal)
  async function stop(): Promise<void> {
    stopping.abort()
    await time.during(run)
    await time.during(source.close())
    await Promise.all(nodes.map((node) => node.close()))
  }
  onTestFinished(stop)
  const reached = () => {
    const checkpoint = store.coverage.checkpoint()
    return checkpoint === undefined ? 0 : completeThrough(checkpoint.cursor)
  }
  return {
    time,
    nodes,
    source,
    store,
    reached,
    async finish() {
      await time.until(() => store.coverage.checkpoint()?.cursor === endOfLedger(last))
      await stop()
    },
  }
}

const FAULTS: readonly (Fault | 'slow' | 'backwards' | 'absurd')[] = [
  'unreachable',
  'timeout',
  'busy',
  'time_limit',
  'too_many',
  'malformed',
  'not_ready',
  'behind',
  'outside_retention',
  'refused',
  'unknown',
  'slow',
  'backwards',
  'absurd',
]

interface Weather {
  isStormy: boolean
  /** When the last fault ended. */
  lastFaultAt: number
  faults: number
  /** Calls in flight that a fault has hit. */
  inFlight: number
}

/** A node with a random fault in every other call. */
function stormy(weather: Weather, seed: number) {
  return (direct: LedgerSource, time: VirtualTime, node: number): LedgerSource => {
    const chance = createRandom(seed + node * 7_919)

    async function struck<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
      if (!weather.isStormy || chance() >= 0.5) return call()
      const fault = FAULTS[Math.floor(chance() * FAULTS.length)]!
      weather.faults += 1
      weather.inFlight += 1
      try {
        if (fault === 'timeout') await time.sleep(20 * SECOND, signal)
        if (fault === 'slow') await time.sleep(3 * SECOND, signal)
        signal.throwIfAborted()
        if (fault === 'slow' || fault === 'backwards' || fault === 'absurd') {
          return distorted(await call(), fault)
        }
        const range = { oldest: last, latest: last + 1 }
        throw new SourceError(fault, fault, fault === 'outside_retention' ? { range } : {})
      } finally {
        weather.lastFaultAt = time.now()
        weather.inFlight -= 1
      }
    }

    return {
      ...direct,
      network: (signal) => struck(() => direct.network(signal), signal),
      range: (signal) => struck(() => direct.range(signal), signal),
      extent: (signal) => struck(() => direct.extent(signal), signal),
      page: (start, limit, signal) => struck(() => direct.page(start, limit, signal), signal),
      ledger: (sequence, signal) => struck(() => direct.ledger(sequence, signal), signal),
      entries: (keys, signal) => struck(() => direct.entries(keys, signal), signal),
    }
  }
}

/** The answer of a node that lags, or one with an absurd tip. */
function distorted<T>(answer: T, how: 'slow' | 'backwards' | 'absurd'): T {
  if (how === 'slow' || typeof answer !== 'object' || answer === null) return answer
  const by = how === 'absurd' ? 1_000_000 : -20
  if ('latestLedger' in answer && typeof answer.latestLedger === 'number') {
    return { ...answer, latestLedger: answer.latestLedger + by }
  }
  if (!('tip' in answer)) return answer
  const tip = answer.tip as { ledger: number }
  return { ...answer, tip: { ...tip, ledger: tip.ledger + by } }
}

describe('a storm over three RPCs', () => {
  property.prop([fc.integer({ min: 1, max: 1e9 }), fc.constantFrom<1 | 2>(1, 2)], { numRuns: 3 })(
    'P2: faults in every other call change no row, and 15 seconds later the log is at the tip',
    async (seed, agreement) => {
      const weather: Weather = { isStormy: true, lastFaultAt: 0, faults: 0, inFlight: 0 }
      const nodeOptions = [0, 1, 2].map(() => ({ speed: 0, closed: 40 }))
      const storm = await raise(nodeOptions, { agreement }, stormy(weather, seed))
      const { time, nodes, store, reached } = storm
      const tip = () => nodes[0]!.latestLedger()
      const close = () => nodes.forEach((node) => node.closeNext(1))
      for (let ledger = 0; ledger < 60; ledger += 1) {
        await time.pass(5 * SECOND)
        close()
      }
      weather.isStormy = false
      // Calls that a fault has hit may still be in flight.
      await time.until(() => weather.inFlight === 0)
      expect(weather.faults).toBeGreaterThan(100)
      const limit = weather.lastFaultAt + 15 * SECOND - time.now()
      await time.until(() => reached() === tip(), limit)
      for (const node of nodes) node.closeNext(1_000)
      await storm.finish()
      expect(store.coverage.gaps()).toEqual([])
      expect(contents(store)).toEqual(calm)
    },
  )

  test('P2: the log is complete though one RPC after the other goes away, as long as one is left', async () => {
    const storm = await raise([{ speed: 0 }, { speed: 0 }, { speed: 0 }])
    const { time, nodes, reached } = storm
    const close = async (count: number) => {
      for (const node of nodes) node.closeNext(count)
      await time.until(() => reached() === nodes[2]!.latestLedger())
    }
    await close(50)
    await nodes[0]!.close()
    await close(50)
    await nodes[1]!.close()
    await close(100)
    await storm.finish()
    expect(contents(storm.store)).toEqual(calm)
    expect(storm.source.counters().failovers).toBe(2)
  })

  test('P2: the log is complete though two RPCs lag in turn', async () => {
    const storm = await raise([{ speed: 0 }, { speed: 0 }])
    const { time, nodes, reached } = storm
    for (let ahead = 0; reached() < last; ahead = 1 - ahead) {
      const latest = nodes[ahead]!.closeNext(60)
      if (ahead === 0) await time.until(() => reached() === latest)
    }
    await storm.finish()
    expect(contents(storm.store)).toEqual(calm)
  })

  test.each([1, 2, 3, 4, 5, 6])(
    'P2: the log is complete from two RPCs with different ledgers, even if call %i is not answered',
    async (silent) => {
      let calls = 0
      const hanging = (direct: LedgerSource, time: VirtualTime, node: number): LedgerSource => {
        const answered = async <T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> => {
          calls += node === 0 ? 1 : 0
          if (node > 0 || calls !== silent) return call()
          await time.sleep(20 * SECOND, signal)
          throw new SourceError('timeout', 'no answer')
        }
        return {
          ...direct,
          network: (signal) => answered(() => direct.network(signal), signal),
          range: (signal) => answered(() => direct.range(signal), signal),
          page: (start, limit, signal) => answered(() => direct.page(start, limit, signal), signal),
        }
      }
      const storm = await raise(
        [{ retentionWindow: 79 }, { speed: 0, closed: 111 }],
        { patienceMs: 2 * SECOND },
        hanging,
      )
      await storm.finish()
      expect(contents(storm.store)).toEqual(calm)
      expect(storm.source.counters().endpoints.every(({ pages }) => pages > 0)).toBe(true)
      // Ingestion does not stay with the RPC that lags.
      expect(storm.time.now()).toBeLessThan(60 * SECOND)
    },
  )

  test('P3: a gap holds only the ledgers that no RPC has', async () => {
    const storm = await raise([
      { speed: 0, closed: 20 },
      { speed: 0, closed: 20 },
    ])
    const { time, nodes, store, reached } = storm
    await time.until(() => reached() === firstLedger + 19)
    nodes[0]!.forgetBefore(firstLedger + 90)
    nodes[1]!.forgetBefore(firstLedger + 60)
    for (const node of nodes) node.closeNext(200)
    await storm.finish()
    expect(store.coverage.gaps()).toMatchObject([
      { from: firstLedger + 20, to: firstLedger + 59, reason: 'retention' },
    ])
  })
})
