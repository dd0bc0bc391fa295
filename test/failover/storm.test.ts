/** P2, P3: whatever happens to several RPCs at once, the rows are the same as without faults. */
import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, onTestFinished, test } from 'vitest'
import { SourceError } from '../../src/domain/errors.ts'
import type { Fault } from '../../src/domain/faults.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts'
import { createRpcSource } from '../../src/source/rpc/rpc.ts'
import { contents, ingestion, undisturbed } from '../support/ingestion.ts'
import type { IngestionOptions } from '../support/ingestion.ts'
import { loadRecording } from '../support/recordings.ts'
import { createRandom } from '../torture/random.ts'

type Disturb = NonNullable<IngestionOptions['disturb']>

const quirks = await loadRecording('quirks')
const { contractId, firstLedger } = quirks.header
const last = quirks.ledgers.at(-1)!.sequence
const SECOND = 1_000

const calm = await undisturbed(quirks)

/** Ingestion over simulators with these options. */
async function raise(
  nodeOptions: readonly Partial<SimulatorOptions>[],
  { failover, disturb }: Pick<IngestionOptions, 'failover' | 'disturb'> = {},
) {
  const nodes: Simulator[] = []
  for (const options of nodeOptions) {
    nodes.push(await createSimulator({ recording: quirks, speed: Infinity, ...options }))
  }
  onTestFinished(async () => void (await Promise.all(nodes.map((node) => node.close()))))
  const random = () => 0.5
  const storm = ingestion({
    recording: quirks,
    sources: nodes.map(({ url }) => createRpcSource({ url, contractId, timeoutMs: 60_000 })),
    failover: { random, ...failover },
    ingest: { pageSize: 60, random },
    ...(disturb && { disturb }),
  })
  const ended = storm.start()
  return {
    ...storm,
    nodes,
    /** Runs until the last ledger is in the store, and stops. */
    async finish() {
      await storm.untilReached(last)
      storm.stop()
      await storm.time.during(ended)
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
function stormy(weather: Weather, seed: number): Disturb {
  return (direct, { time, index }) => {
    const chance = createRandom(seed + index * 7_919)

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
      const storm = await raise(nodeOptions, {
        failover: { agreement },
        disturb: stormy(weather, seed),
      })
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
      const hanging: Disturb = (direct, { time, index }) => {
        const answered = async <T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> => {
          calls += index === 0 ? 1 : 0
          if (index > 0 || calls !== silent) return call()
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
      const storm = await raise([{ retentionWindow: 79 }, { speed: 0, closed: 111 }], {
        failover: { patienceMs: 2 * SECOND },
        disturb: hanging,
      })
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
