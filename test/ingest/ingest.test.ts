import { fc, test as property } from '@fast-check/vitest'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { UsageError } from '../../src/domain/errors.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import type { IngestDeps } from '../../src/ingest/ingest.ts'
import { createRpcSource } from '../../src/source/rpc.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import type { Recording } from '../../src/source/recording.ts'
import type { FaultScript } from '../../src/source/simulator/faults.ts'
import { createSimulator } from '../../src/source/simulator/server.ts'
import type { SimulatorOptions } from '../../src/source/simulator/server.ts'
import type { WritableStore } from '../../src/store/store.ts'
import { dump, loadRecording, memoryStore } from '../support/recordings.ts'

const quirks = await loadRecording('quirks')
const never = new AbortController().signal

interface Setup {
  recording?: Recording
  simulator?: Partial<SimulatorOptions>
  ingest?: Partial<IngestDeps>
  store?: WritableStore
}

/** An ingestion of a recording over HTTP, everything in it closed unless the simulator is told. */
async function setUp({
  recording = quirks,
  simulator = {},
  ingest = {},
  store = memoryStore(),
}: Setup) {
  const node = await createSimulator({ recording, speed: Infinity, ...simulator })
  const { contractId, network } = recording.header
  const source = createRpcSource({ url: node.url, contractId, timeoutMs: 300 })
  const applied: string[] = []
  const running = createIngest({
    source,
    coverage: store.coverage,
    writer: store.writer,
    decode: createDecoder(),
    startLedger: 'oldest',
    identity: { networkPassphrase: network.passphrase, contractId },
    log: pino({ level: 'silent' }),
    onApplied: () => applied.push(store.coverage.checkpoint()!.cursor),
    // The shortest waits that back-off knows.
    random: () => 0,
    ...ingest,
  })
  return { node, store, source, running, applied }
}

async function ingested(setup: Setup): Promise<WritableStore> {
  const { node, store, running } = await setUp(setup)
  await running.catchUp(never, () => {})
  await node.close()
  return store
}

function contents(store: WritableStore) {
  const { events, streams, coverage, gaps, event_counts: counts, checkpoint } = dump(store)
  return { events, streams, coverage, gaps, counts, checkpoint }
}

const undisturbed = contents(await ingested({}))

describe('ingestion', () => {
  test.each(['first-steps', 'lively', 'month'] as const)(
    'takes in every event of %s',
    async (name) => {
      const recording = await loadRecording(name)
      const store = await ingested({ recording, simulator: { retentionWindow: 600_000 } })
      const { firstLedger, contractId } = recording.header
      const last = recording.ledgers.at(-1)!
      const ids = recording.ledgers.flatMap(({ events = [] }) =>
        events.filter((event) => event.contractId === contractId).map(({ id }) => id),
      )
      const stored = store.sqlite.prepare('select id from events order by id').pluck().all()
      expect(stored).toEqual(ids)
      expect(store.coverage.intervals()).toEqual([{ from: firstLedger, to: last.sequence }])
      expect(store.coverage.checkpoint()).toMatchObject({
        cursor: endOfLedger(last.sequence),
        ledgerClosedAt: Date.parse(last.closedAt) / 1_000,
        tipLedger: last.sequence,
      })
    },
  )

  property.prop([fc.integer({ min: 1, max: 200 })], { numRuns: 8 })(
    'gives the same rows with pages of any size',
    async (pageSize) => {
      expect(contents(await ingested({ ingest: { pageSize } }))).toEqual(undisturbed)
    },
  )

  const FAULTS: [string, FaultScript[number]['fault']][] = [
    ['no answer', { kind: 'timeout' }],
    ['a reset', { kind: 'reset' }],
    ['429', { kind: '429' }],
    ['429 with Retry-After', { kind: '429', retryAfterSeconds: 0 }],
    ['503', { kind: '503' }],
    ['504', { kind: '504' }],
    ['an answer cut short', { kind: 'truncated' }],
    ['a web page', { kind: 'html' }],
    [
      'a time limit',
      {
        kind: 'error',
        code: -32001,
        message: '[-32001] request exceeded processing limit threshold',
      },
    ],
    ['an error nobody knows', { kind: 'error', code: -32099, message: 'the dog ate it' }],
    ['a replica that is behind', { kind: 'latest_backwards', ledgers: 100 }],
  ]
  test.each(FAULTS)('loses nothing to %s', async (_, fault) => {
    const faults: FaultScript = [{ when: { every: 3 }, method: '*', fault }]
    const store = await ingested({ simulator: { faults }, ingest: { pageSize: 60 } })
    expect(contents(store)).toEqual(undisturbed)
  })

  test('never stands still on a quiet contract: the checkpoint follows the tip', async () => {
    const recording = { ...quirks, ledgers: quirks.ledgers.map(({ events: _, ...rest }) => rest) }
    const store = await ingested({ recording })
    const last = quirks.ledgers.at(-1)!.sequence
    expect(store.coverage.checkpoint()).toMatchObject({ cursor: endOfLedger(last), ledger: last })
    expect(store.log.counts().size).toBe(0)
  })

  test('follows ledgers as they close and tells of each commit after it', async () => {
    const { node, running, applied, store } = await setUp({ simulator: { speed: 0 } })
    const stopping = new AbortController()
    const run = running.run(stopping.signal)
    const last = quirks.ledgers.at(-1)!.sequence
    while (node.latestLedger() < last) {
      const latest = node.closeNext(Math.min(40, last - node.latestLedger()))
      await until(() => applied.at(-1) === endOfLedger(latest))
    }
    stopping.abort()
    await run
    await node.close()
    expect(contents(store)).toEqual(undisturbed)
  })

  test('stops at once when told to, whatever it is waiting for', async () => {
    const faults: FaultScript = [{ when: { every: 1 }, fault: { kind: 'timeout' } }]
    const { node, running, store } = await setUp({ simulator: { faults } })
    const stopping = new AbortController()
    const run = running.run(stopping.signal)
    await until(() => running.status().state !== 'ok')
    stopping.abort()
    await run
    await node.close()
    expect(store.coverage.checkpoint()).toBeUndefined()
  })
})

describe('where a new log begins', () => {
  const first = quirks.header.firstLedger
  test('is the ledger that START_LEDGER names', async () => {
    const store = await ingested({ ingest: { startLedger: first + 50 } })
    expect(store.coverage.intervals()[0]?.from).toBe(first + 50)
  })
  test('is the newest ledger with latest', async () => {
    const store = await ingested({ ingest: { startLedger: 'latest' } })
    expect(store.coverage.intervals()).toEqual([{ from: first + 178, to: first + 178 }])
  })
  test('cannot be a ledger that the RPC has forgotten', async () => {
    const late = ingested({ ingest: { startLedger: first - 1 } })
    await expect(late).rejects.toThrow(UsageError)
    await expect(late).rejects.toThrow(new RegExp(`START_LEDGER is ${first - 1}.*${first}`))
  })
})

describe('ingestion refuses', () => {
  test('a source of another network', async () => {
    const other = ingested({
      ingest: {
        identity: { networkPassphrase: 'Public Network', contractId: quirks.header.contractId },
      },
    })
    await expect(other).rejects.toThrow(/serves the network .* set RPC_URL or NETWORK/)
  })

  test('a source that takes the cursor backwards: that is a broken promise', async () => {
    const { node, source, running, store } = await setUp({})
    await running.catchUp(never, () => {})
    const backwards: LedgerSource = {
      ...source,
      page: async (start, limit, signal) => ({
        ...(await source.page(start, limit, signal)),
        cursor: endOfLedger(1),
      }),
    }
    const again = await setUp({ store, ingest: { source: backwards } })
    await expect(again.running.run(never)).rejects.toThrow(/before it/)
    await node.close()
    await again.node.close()
  })
})

describe('ledgers that the source has forgotten', () => {
  test('are recorded as a gap, and ingestion goes on behind it', async () => {
    const first = quirks.header.firstLedger
    const { node, store, running } = await setUp({ simulator: { speed: 0, closed: 20 } })
    await running.catchUp(never, () => {})
    node.forgetBefore(first + 60)
    node.closeNext(quirks.ledgers.length)
    await running.catchUp(never, () => {})
    await node.close()
    expect(store.coverage.gaps()).toMatchObject([
      { from: first + 20, to: first + 59, reason: 'retention', repaired: false },
    ])
    expect(store.coverage.intervals()).toEqual([
      { from: first, to: first + 19 },
      { from: first + 60, to: first + 178 },
    ])
  })

  test('are no gap when the last of them was the last we had', async () => {
    const first = quirks.header.firstLedger
    const { node, store, running } = await setUp({ simulator: { speed: 0, closed: 20 } })
    await running.catchUp(never, () => {})
    node.closeNext(quirks.ledgers.length)
    node.forgetBefore(first + 20)
    await running.catchUp(never, () => {})
    await node.close()
    expect(contents(store)).toMatchObject({
      gaps: [],
      events: undisturbed.events,
      streams: undisturbed.streams,
    })
  })
})

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { interval: 5 }).toBe(true)
}
