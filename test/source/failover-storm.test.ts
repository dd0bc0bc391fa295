/** Whatever happens to three endpoints at once, the rows are those of a calm day. */
import { fc, test as property } from '@fast-check/vitest'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { completeThrough, endOfLedger } from '../../src/domain/cursor.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import { createFailoverSource } from '../../src/source/failover.ts'
import type { FailoverOptions, FailoverSource } from '../../src/source/failover.ts'
import { createRecordingSource } from '../../src/source/recording-source.ts'
import { createRpcSource } from '../../src/source/rpc.ts'
import type { FaultScript } from '../../src/source/simulator/faults.ts'
import { createSimulator } from '../../src/source/simulator/server.ts'
import type { Simulator, SimulatorOptions } from '../../src/source/simulator/server.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import type { WritableStore } from '../../src/store/store.ts'
import { dump, loadRecording, memoryStore } from '../support/recordings.ts'

const quirks = await loadRecording('quirks')
const { contractId, network, firstLedger } = quirks.header
const last = quirks.ledgers.at(-1)!.sequence

function createIngestion(source: LedgerSource) {
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
    random: () => 0,
  })
  return { store, ingest }
}

function contents(store: WritableStore) {
  const { events, streams, coverage, gaps, event_counts: counts, checkpoint } = dump(store)
  return { events, streams, coverage, gaps, counts, checkpoint }
}

const calm = createIngestion(createRecordingSource(quirks, contractId))
await calm.ingest.catchUp(new AbortController().signal, () => {})
const undisturbed = contents(calm.store)

interface Storm {
  nodes: Simulator[]
  source: FailoverSource
  store: WritableStore
  /** The last ledger that is complete in the store. */
  reached(): number
  /** Runs until the last ledger is in the store. */
  finish(): Promise<void>
}

async function raise(
  nodeOptions: readonly Partial<SimulatorOptions>[],
  failover: Partial<FailoverOptions> = {},
): Promise<Storm> {
  const nodes: Simulator[] = []
  for (const options of nodeOptions) {
    nodes.push(await createSimulator({ recording: quirks, speed: Infinity, ...options }))
  }
  const source = createFailoverSource({
    endpoints: nodes.map(({ url }, i) => ({
      name: String(i),
      source: createRpcSource({ url, contractId, timeoutMs: 100 }),
    })),
    networkPassphrase: network.passphrase,
    contractId,
    log: pino({ level: 'silent' }),
    callTimeoutMs: 400,
    patienceMs: 30,
    random: () => 0,
    ...failover,
  })
  const { store, ingest } = createIngestion(source)
  const stopping = new AbortController()
  const run = ingest.run(stopping.signal)
  async function stop(): Promise<void> {
    stopping.abort()
    await run
    await source.close()
    await Promise.all(nodes.map((node) => node.close()))
  }
  onTestFinished(stop)
  const reached = () => {
    const checkpoint = store.coverage.checkpoint()
    return checkpoint === undefined ? 0 : completeThrough(checkpoint.cursor)
  }
  return {
    nodes,
    source,
    store,
    reached,
    async finish() {
      await until(() => store.coverage.checkpoint()?.cursor === endOfLedger(last))
      await stop()
    },
  }
}

const FAULTS: readonly FaultScript[number]['fault'][] = [
  { kind: 'timeout' },
  { kind: 'timeout', afterMs: 60 },
  { kind: 'reset' },
  { kind: '429', retryAfterSeconds: 0 },
  { kind: '503' },
  { kind: '504' },
  { kind: 'truncated' },
  { kind: 'html' },
  { kind: 'error', code: -32_001, message: '[-32001] request exceeded processing limit threshold' },
  { kind: 'error', code: -32_099, message: 'the dog ate it' },
  { kind: 'latest_backwards', ledgers: 30 },
]

function faultsFrom(seed: number): FaultScript {
  return FAULTS.map((fault, i) => ({
    when: { probability: 0.025, seed: seed + i },
    method: '*' as const,
    fault,
  }))
}

describe('a storm over three endpoints', () => {
  property.prop([fc.integer({ min: 1, max: 1e9 }), fc.constantFrom<1 | 2>(1, 2)], { numRuns: 3 })(
    'leaves the rows as they are without it',
    async (seed, agreement) => {
      const nodes = [0, 1, 2].map((i) => ({ faults: faultsFrom(seed + 100 * i) }))
      const storm = await raise(nodes, { agreement })
      await storm.finish()
      expect(contents(storm.store)).toEqual(undisturbed)
    },
  )

  test('may take one endpoint after the other, as long as one is left', async () => {
    const storm = await raise([{ speed: 0 }, { speed: 0 }, { speed: 0 }])
    const { nodes, reached } = storm
    const close = async (count: number) => {
      for (const node of nodes) node.closeNext(count)
      await until(() => reached() === nodes[2]!.latestLedger())
    }
    await close(50)
    await nodes[0]!.close()
    await close(50)
    await nodes[1]!.close()
    await close(100)
    await storm.finish()
    expect(contents(storm.store)).toEqual(undisturbed)
    expect(storm.source.counters().failovers).toBe(2)
  })

  test('may leave replicas behind each other in turn', async () => {
    const storm = await raise([{ speed: 0 }, { speed: 0 }])
    const { nodes, reached } = storm
    for (let ahead = 0; reached() < last; ahead = 1 - ahead) {
      const latest = nodes[ahead]!.closeNext(60)
      if (ahead === 0) await until(() => reached() === latest)
    }
    await storm.finish()
    expect(contents(storm.store)).toEqual(undisturbed)
  })

  test('may take from each endpoint what the other still has', async () => {
    const storm = await raise([{ retentionWindow: 79 }, { speed: 0, closed: 111 }])
    await storm.finish()
    const { checkpoint: _, ...rows } = undisturbed
    expect(contents(storm.store)).toMatchObject(rows)
    expect(storm.source.counters().endpoints.every(({ pages }) => pages > 0)).toBe(true)
  })

  test('makes a gap only of ledgers that nobody has, and only as large as it must be', async () => {
    const storm = await raise([
      { speed: 0, closed: 20 },
      { speed: 0, closed: 20 },
    ])
    const { nodes, store, reached } = storm
    await until(() => reached() === firstLedger + 19)
    nodes[0]!.forgetBefore(firstLedger + 90)
    nodes[1]!.forgetBefore(firstLedger + 60)
    for (const node of nodes) node.closeNext(200)
    await storm.finish()
    expect(store.coverage.gaps()).toMatchObject([
      { from: firstLedger + 20, to: firstLedger + 59, reason: 'retention' },
    ])
  })
})

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { interval: 5 }).toBe(true)
}
