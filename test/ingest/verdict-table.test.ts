/**
 * What goes wrong in production, row by row, and what ingestion makes of it: who asks again, who
 * asks another RPC, who declares a gap, who holds still until somebody acts, who ends the process.
 */
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { UsageError } from '../../src/domain/errors.ts'
import type { Fault } from '../../src/domain/faults.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import { createFailoverSource } from '../../src/source/failover.ts'
import { createRecordingSource } from '../../src/source/recording-source.ts'
import type { Recording } from '../../src/source/recording.ts'
import { createRpcSource } from '../../src/source/rpc.ts'
import type { FaultScript } from '../../src/source/simulator/faults.ts'
import { createSimulator } from '../../src/source/simulator/server.ts'
import type { Simulator, SimulatorOptions } from '../../src/source/simulator/server.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import type { WritableStore } from '../../src/store/store.ts'
import { lastLedger } from '../support/recorded.ts'
import { dump, loadRecording, memoryStore } from '../support/recordings.ts'

const quirks = await loadRecording('quirks')
const { contractId, network, firstLedger } = quirks.header
const last = lastLedger(quirks)
const decode = createDecoder()
const log = pino({ level: 'silent' })

/** Ledgers that are in the log when something goes wrong. */
const BEFORE = 60
const held = firstLedger + BEFORE - 1
const RPC_TIMEOUT_MS = 300

function ingestion(source: LedgerSource, now: () => number) {
  const store = memoryStore()
  const ingest = createIngest({
    source,
    coverage: store.coverage,
    writer: store.writer,
    decode,
    startLedger: 'oldest',
    identity: { networkPassphrase: network.passphrase, contractId },
    log,
    onApplied() {},
    // The shortest waits that back-off knows.
    random: () => 0,
    now,
  })
  return { store, ingest }
}

/** All but what the source said of itself. */
function contents(store: WritableStore) {
  const { events, streams, coverage, gaps, event_counts: counts } = dump(store)
  return { events, streams, coverage, gaps, counts }
}

const calm = ingestion(createRecordingSource(quirks, contractId), () => performance.now())
await calm.ingest.catchUp(new AbortController().signal, () => {})
const undisturbed = contents(calm.store)

/** An RPC under a URL, whoever serves there. */
interface Node {
  sim: Simulator
  restart(options: Partial<SimulatorOptions>): Promise<void>
  stop(): Promise<void>
}

async function serve(options: Partial<SimulatorOptions>): Promise<Node> {
  const node: Node = {
    sim: await createSimulator({ recording: quirks, speed: 0, closed: BEFORE, ...options }),
    stop: () => node.sim.close(),
    async restart(changed) {
      await node.sim.close()
      const port = Number(new URL(node.sim.url).port)
      node.sim = await createSimulator({ recording: quirks, speed: 0, port, ...changed })
    },
  }
  onTestFinished(() => node.stop())
  return node
}

type Rig = Awaited<ReturnType<typeof rig>>

async function rig(
  options: readonly Partial<SimulatorOptions>[],
  through: (direct: LedgerSource) => LedgerSource = (direct) => direct,
) {
  const nodes: Node[] = []
  for (const each of options) nodes.push(await serve(each))
  let skippedMs = 0
  const now = () => performance.now() + skippedMs
  const source = createFailoverSource({
    endpoints: nodes.map(({ sim }, i) => ({
      name: 'ab'[i]!,
      source: through(createRpcSource({ url: sim.url, contractId, timeoutMs: RPC_TIMEOUT_MS })),
    })),
    networkPassphrase: network.passphrase,
    contractId,
    log,
    callTimeoutMs: 3 * RPC_TIMEOUT_MS,
    random: () => 0,
    now,
  })
  const { store, ingest } = ingestion(source, now)
  const stopping = new AbortController()
  const run = ingest.run(stopping.signal)
  const outcome = run.then(
    () => 'stopped',
    (error: unknown) => error,
  )
  onTestFinished(async () => {
    stopping.abort()
    await outcome
    await source.close()
  })
  const faults = (at = 0) => source.counters().endpoints[at]!.faults
  return {
    nodes,
    store,
    ingest,
    outcome,
    faults,
    source,
    reached: () => store.coverage.checkpoint()?.cursor ?? '',
    /** Waits until the nth RPC has failed like this, so many times. */
    failed: (fault: Fault, times = 1, at = 0) => until(() => (faults(at)[fault] ?? 0) >= times),
    /** Closes all that is left of the recording, everywhere. */
    closeAll: () => nodes.forEach(({ sim }) => sim.closeNext(quirks.ledgers.length)),
    /** Lets hours pass in a moment. */
    skip: (seconds: number) => void (skippedMs += seconds * 1_000),
  }
}

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { interval: 5 }).toBe(true)
}

/** From the first ledger that closes after `held` on, so many times. */
function later(
  fault: FaultScript[number]['fault'],
  times = 2,
  method: FaultScript[number]['method'] = 'getEvents',
): FaultScript {
  return [{ when: { ledger: held + 1 }, times, method, fault }]
}

const error = (code: number, message: string) => ({ kind: 'error', code, message }) as const
const forever = 1_000_000

interface Row {
  situation: string
  /** One for each RPC. */
  rpcs: Partial<SimulatorOptions>[]
  /** What happens once `held` is in the log; everything else closes at its end. */
  strike?: (rig: Rig) => Promise<unknown> | void
  fault: Fault | undefined
}

describe('asks again, and loses nothing:', () => {
  const rows: Row[] = [
    {
      situation: 'a balancer whose only replica is behind our cursor',
      rpcs: [{}],
      async strike({ nodes: [a], failed }) {
        a!.sim.holdBack(10)
        await failed('behind', 2)
        a!.sim.holdBack(0)
      },
      fault: 'behind',
    },
    {
      situation: 'a tip that decreases between two calls',
      rpcs: [{ faults: later({ kind: 'latest_backwards', ledgers: 150 }) }],
      fault: 'behind',
    },
    {
      situation: 'a replica of short history, for some calls: no gap yet',
      rpcs: [
        {
          faults: later(
            error(
              -32_600,
              `startLedger must be within the ledger range: ${held + 50} - ${held + 90}`,
            ),
          ),
        },
      ],
      fault: 'outside_retention',
    },
    {
      situation: 'a node that restarts: connections refused',
      rpcs: [{}],
      async strike({ nodes: [a], failed }) {
        await a!.stop()
        await failed('unreachable', 2)
        await a!.restart({ closed: BEFORE })
      },
      fault: 'unreachable',
    },
    {
      situation: 'a node that restarts: connections reset',
      rpcs: [{ faults: later({ kind: 'reset' }) }],
      fault: 'unreachable',
    },
    {
      situation: 'a node that has ingested nothing yet',
      rpcs: [{ faults: later(error(-32_603, 'DB is empty'), 2, '*') }],
      fault: 'not_ready',
    },
    {
      situation: 'a node that is catching up',
      rpcs: [
        {
          faults: later(
            error(
              -32_603,
              '[-32603] latency (45s) since last known ledger closed is too high (>30s)',
            ),
            2,
            '*',
          ),
        },
      ],
      fault: 'not_ready',
    },
    { situation: '429', rpcs: [{ faults: later({ kind: '429' }) }], fault: 'busy' },
    {
      situation: '503 with an empty body',
      rpcs: [{ faults: later({ kind: '503' }) }],
      fault: 'busy',
    },
    {
      situation: '504 with an empty body',
      rpcs: [{ faults: later({ kind: '504' }) }],
      fault: 'time_limit',
    },
    {
      situation: 'a database fault that has the code of a range error',
      rpcs: [
        {
          faults: later(
            error(-32_600, 'sql: database is closed\ndb read failed for requested parameter'),
          ),
        },
      ],
      fault: 'busy',
    },
    {
      situation: '-32001: for fewer ledgers, until the server has the time',
      rpcs: [{ faults: later({ kind: 'slow', ledgers: 9 }, forever) }],
      fault: 'time_limit',
    },
    { situation: 'no answer', rpcs: [{ faults: later({ kind: 'timeout' }) }], fault: 'timeout' },
    {
      situation: 'an answer that comes when it was given up, and so is delivered twice',
      rpcs: [{ faults: later({ kind: 'timeout', afterMs: RPC_TIMEOUT_MS + 50 }) }],
      fault: 'timeout',
    },
    {
      situation: 'an answer cut short',
      rpcs: [{ faults: later({ kind: 'truncated' }) }],
      fault: 'malformed',
    },
    {
      situation: 'a web page with status 200',
      rpcs: [{ faults: later({ kind: 'html' }) }],
      fault: 'malformed',
    },
    {
      situation: 'a code and a text that nobody has described',
      rpcs: [{ faults: later(error(-32_099, 'the dog ate it')) }],
      fault: 'unknown',
    },
    {
      situation: 'a method that is refused for a while',
      rpcs: [{ faults: later(error(-32_601, 'method not found')) }],
      fault: 'refused',
    },
  ]

  test.each(rows)('$situation', async ({ rpcs, strike, fault }) => {
    const it = await rig(rpcs)
    await until(() => it.reached() === endOfLedger(held))
    await strike?.(it)
    it.closeAll()
    await until(() => it.reached() === endOfLedger(last))
    expect(it.faults()[fault!]).toBeGreaterThan(0)
    expect(Object.keys(it.faults())).toEqual([fault])
    expect(contents(it.store)).toEqual(undisturbed)
  })

  test('429 with Retry-After: not before the time that was asked for', async () => {
    const it = await rig([{ faults: later({ kind: '429', retryAfterSeconds: 1 }, 1) }])
    await until(() => it.reached() === endOfLedger(held))
    it.closeAll()
    await it.failed('busy')
    const from = performance.now()
    await until(() => it.reached() === endOfLedger(last))
    expect(performance.now() - from).toBeGreaterThan(900)
    expect(contents(it.store)).toEqual(undisturbed)
  })
})

describe('asks another RPC, and loses nothing:', () => {
  const rows: Row[] = [
    {
      situation: 'a replica that is behind our cursor',
      rpcs: [{}, {}],
      strike: ({ nodes: [a] }) => a!.sim.holdBack(150),
      fault: 'behind',
    },
    {
      situation:
        'a replica of short history: the ledgers are not lost, though one says so for ever',
      rpcs: [{ faults: later({ kind: 'retention', oldest: held + 50 }) }, {}],
      fault: 'outside_retention',
    },
    {
      situation: 'a node that is gone',
      rpcs: [{}, {}],
      strike: ({ nodes: [a] }) => a!.stop(),
      fault: 'unreachable',
    },
    {
      situation: 'a node that answers 503 to everything',
      rpcs: [{ faults: later({ kind: '503' }, forever, '*') }, {}],
      fault: 'busy',
    },
    {
      situation: 'an RPC that refuses everything',
      rpcs: [{ faults: later(error(-32_601, 'method not found'), forever, '*') }, {}],
      fault: 'refused',
    },
    {
      situation: 'an RPC behind whose URL another network is served now',
      rpcs: [{}, {}],
      async strike({ nodes: [a], failed }) {
        await a!.stop()
        // A connection that was lost is how a change behind a URL shows.
        await failed('unreachable')
        await a!.restart({ recording: ofAnotherNetwork(), closed: BEFORE })
      },
      fault: undefined,
    },
  ]

  test.each(rows)('$situation', async ({ rpcs, strike, fault }) => {
    const it = await rig(rpcs)
    await until(() => it.reached() === endOfLedger(held))
    await strike?.(it)
    for (const { sim } of it.nodes.slice(-1)) sim.closeNext(quirks.ledgers.length)
    if (strike === undefined) it.closeAll()
    await until(() => it.reached() === endOfLedger(last))
    expect(it.source.counters().endpoints[1]!.pages).toBeGreaterThan(0)
    if (fault !== undefined) expect(it.faults()[fault]).toBeGreaterThan(0)
    expect(contents(it.store)).toEqual(undisturbed)
  })

  test('a node that is stuck: it answers, and its tip stands still', async () => {
    const it = await rig([{}, {}])
    await until(() => it.reached() === endOfLedger(held))
    it.nodes[1]!.sim.closeNext(quirks.ledgers.length)
    // By our own clock, not by errors: there are none. Then it is time to look at the other one.
    it.skip(60)
    await until(() => it.reached() === endOfLedger(last))
    expect(it.faults()).toEqual({})
    expect(contents(it.store)).toEqual(undisturbed)
  })
})

describe('waits, without a fault:', () => {
  test('a node that is stuck, alone: how long is told', async () => {
    const it = await rig([{}])
    await until(() => it.reached() === endOfLedger(held))
    it.skip(600)
    expect(it.ingest.status()).toMatchObject({ state: 'ok', alarm: null })
    expect(it.ingest.status().tipStillForMs).toBeGreaterThan(600_000)
    it.closeAll()
    await until(() => it.reached() === endOfLedger(last))
    expect(it.ingest.status().tipStillForMs).toBeLessThan(600_000)
    expect(contents(it.store)).toEqual(undisturbed)
  })
})

describe('declares a gap:', () => {
  test('when every RPC says again and again that the ledgers are gone, from the oldest there is', async () => {
    const it = await rig([{}, {}])
    await until(() => it.reached() === endOfLedger(held))
    for (const { sim } of it.nodes) sim.forgetBefore(held + 41)
    it.nodes[0]!.sim.forgetBefore(held + 51)
    it.closeAll()
    await until(() => it.reached() === endOfLedger(last))
    expect(it.store.coverage.gaps()).toMatchObject([
      { from: held + 1, to: held + 40, reason: 'retention', repaired: false },
    ])
    expect(it.store.coverage.intervals()).toEqual([
      { from: firstLedger, to: held },
      { from: held + 41, to: last },
    ])
  })

  test('but not where retention begins right behind what we have', async () => {
    const it = await rig([{}])
    await until(() => it.reached() === endOfLedger(held))
    it.nodes[0]!.sim.forgetBefore(held + 1)
    it.closeAll()
    await until(() => it.reached() === endOfLedger(last))
    expect(it.faults()).toEqual({})
    expect(contents(it.store)).toEqual(undisturbed)
  })

  test('but not where the only other RPC is away', async () => {
    const it = await rig([{}, {}])
    await until(() => it.reached() === endOfLedger(held))
    await it.nodes[1]!.stop()
    it.nodes[0]!.sim.closeNext(quirks.ledgers.length)
    it.nodes[0]!.sim.forgetBefore(held + 41)
    await until(() => it.ingest.status().lastError?.startsWith('unreachable') === true)
    expect([it.reached(), it.store.coverage.gaps()]).toEqual([endOfLedger(held), []])
    await it.nodes[1]!.restart({ closed: quirks.ledgers.length })
    await until(() => it.reached() === endOfLedger(last))
    expect(contents(it.store)).toEqual(undisturbed)
  })
})

describe('holds still, and takes nothing in:', () => {
  test('a network that has started over', async () => {
    const it = await rig([{}])
    await until(() => it.reached() === endOfLedger(held) && it.store.coverage.hashes().length > 0)
    await it.nodes[0]!.restart({ recording: startedOver(), closed: 30 })
    await it.failed('behind')
    it.closeAll()
    await until(() => it.ingest.status().alarm !== null)
    expect(it.ingest.status().alarm).toMatch(/has started over .* start --fresh/)
    expect([it.reached(), it.store.coverage.gaps()]).toEqual([endOfLedger(held), []])
  })

  test('an only RPC behind whose URL another network is served now, until ours is back', async () => {
    const it = await rig([{}])
    await until(() => it.reached() === endOfLedger(held))
    await it.nodes[0]!.stop()
    await it.failed('unreachable')
    await it.nodes[0]!.restart({ recording: ofAnotherNetwork(), closed: quirks.ledgers.length })
    await until(() => it.source.endpoints()[0]!.state === 'set_aside')
    expect(it.reached()).toBe(endOfLedger(held))
    await it.nodes[0]!.restart({ closed: quirks.ledgers.length })
    it.skip(3_600)
    await until(() => it.reached() === endOfLedger(last))
    expect(contents(it.store)).toEqual(undisturbed)
  })
})

describe('takes it in as it is, and goes on:', () => {
  test('an event with an XDR arm of a later protocol', async () => {
    const newer = 'AAAAYwAAAAA='
    const which = quirks.ledgers.flatMap(({ events = [] }) =>
      events.filter((event) => event.contractId === contractId),
    )[200]!
    const ledgers = quirks.ledgers.map((ledger) => ({
      ...ledger,
      ...(ledger.events && {
        events: ledger.events.map((event) =>
          event === which ? { ...event, value: newer } : event,
        ),
      }),
    }))
    const it = await rig([{ recording: { ...quirks, ledgers } }])
    it.closeAll()
    await until(() => it.reached() === endOfLedger(last))
    const rows = contents(it.store).events as { id: string; type: string; data: string }[]
    const odd = rows.filter(({ type }) => type === 'unrecognised')
    expect(odd.map(({ id }) => id)).toEqual([which.id])
    expect(JSON.parse(odd[0]!.data)).toMatchObject({ topics: which.topic, value: newer })
    expect(rows).toHaveLength(undisturbed.events!.length)
    expect(it.faults()).toEqual({})
  })
})

describe('ends:', () => {
  test('an only RPC that is of another network from the start: a mistake in the configuration', async () => {
    const it = await rig([{ recording: ofAnotherNetwork() }])
    const error = await it.outcome
    expect(error).toBeInstanceOf(UsageError)
    expect(String(error)).toMatch(/another network/i)
    expect(it.reached()).toBe('')
  })

  test('a broken promise of our own', async () => {
    const it = await rig([{}], (direct) => ({
      ...direct,
      page: () => Promise.reject(new TypeError('undefined is not a function')),
    }))
    expect(await it.outcome).toBeInstanceOf(TypeError)
  })
})

function ofAnotherNetwork(): Recording {
  const other = { ...network, passphrase: 'Another network ; September 2015' }
  return { ...quirks, header: { ...quirks.header, network: other } }
}

/** The same numbers and the same passphrase, and not the same ledgers. */
function startedOver(): Recording {
  const ledgers = quirks.ledgers.map((ledger) => ({
    ...ledger,
    hash: ledger.hash.split('').toReversed().join(''),
  }))
  return { ...quirks, ledgers }
}
