/**
 * What goes wrong in production, row by row, and how ingestion reacts: it asks the RPC again, asks
 * another RPC, declares a gap, waits for a person, or ends the process.
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { UsageError } from '../../src/domain/errors.ts'
import type { Fault } from '../../src/domain/faults.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import { createRpcSource } from '../../src/source/rpc/rpc.ts'
import type { FaultScript } from '../../src/simulator/faults.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { contents, ingestion, undisturbed as calm } from '../support/ingestion.ts'
import { lastLedger } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'

const quirks = await loadRecording('quirks')
const { contractId, network, firstLedger } = quirks.header
const last = lastLedger(quirks)
const undisturbed = await calm(quirks)

/** Ledgers that are in the log when something goes wrong. */
const BEFORE = 60
const held = firstLedger + BEFORE - 1
/** Real time; more than any call needs. */
const RPC_TIMEOUT_MS = 20_000
/** For calls that must time out. A call that times out by accident is repeated like the others. */
const SHORT_TIMEOUT_MS = 300

/** One URL; the simulator behind it can be replaced. */
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

type Ingesting = Awaited<ReturnType<typeof ingesting>>

interface IngestingOptions {
  timeoutMs?: number | undefined
  through?: (direct: LedgerSource) => LedgerSource
}

/** Ingestion as in the daemon, from RPCs on real sockets; all its waits are in virtual time. */
async function ingesting(
  options: readonly Partial<SimulatorOptions>[],
  { timeoutMs = RPC_TIMEOUT_MS, through = (direct) => direct }: IngestingOptions = {},
) {
  const nodes: Node[] = []
  for (const each of options) nodes.push(await serve(each))
  const sources = nodes.map(({ sim }) =>
    through(createRpcSource({ url: sim.url, contractId, timeoutMs })),
  )
  const it = ingestion({ recording: quirks, sources })
  const outcome = it.start()
  /** Of the first RPC. */
  const faults = () => it.source.counters().endpoints[0]!.faults
  return {
    ...it,
    nodes,
    outcome,
    faults,
    cursor: () => it.coverage.checkpoint()?.cursor ?? '',
    /** Waits until the first RPC has failed with this fault, `times` times. */
    failed: (fault: Fault, times = 1) => it.time.until(() => (faults()[fault] ?? 0) >= times),
    /** Closes the rest of the recording on every RPC. */
    closeAll: () => nodes.forEach(({ sim }) => sim.closeNext(quirks.ledgers.length)),
  }
}

/** The fault strikes `times` calls, from the first ledger after `held` on. */
function later(
  fault: FaultScript[number]['fault'],
  { times = 2, method = 'getEvents' }: Pick<FaultScript[number], 'times' | 'method'> = {},
): FaultScript {
  return [{ when: { ledger: held + 1 }, times, method, fault }]
}

const error = (code: number, message: string) => ({ kind: 'error', code, message }) as const
const forever = 1_000_000

interface Row {
  situation: string
  /** One for each RPC. */
  rpcs: Partial<SimulatorOptions>[]
  /** What happens once `held` is in the log. After it the rest of the recording closes. */
  strike?: (it: Ingesting) => Promise<unknown> | void
  timeoutMs?: number
  fault: Fault | undefined
}

describe('P3: the RPC is asked again', () => {
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
      situation: 'a tip that moves backwards between two calls',
      rpcs: [{ faults: later({ kind: 'latest_backwards', ledgers: 150 }) }],
      fault: 'behind',
    },
    {
      situation: 'some answers of a replica with a short history',
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
      rpcs: [{ faults: later(error(-32_603, 'DB is empty'), { method: '*' }) }],
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
            { method: '*' },
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
      situation: '-32001, until a call asks for fewer ledgers',
      rpcs: [{ faults: later({ kind: 'slow', ledgers: 9 }, { times: forever }) }],
      fault: 'time_limit',
    },
    {
      situation: 'no answer',
      rpcs: [{ faults: later({ kind: 'timeout' }) }],
      fault: 'timeout',
      timeoutMs: SHORT_TIMEOUT_MS,
    },
    {
      situation: 'an answer that comes after the timeout, so that the page is delivered twice',
      rpcs: [{ faults: later({ kind: 'timeout', afterMs: SHORT_TIMEOUT_MS + 50 }) }],
      fault: 'timeout',
      timeoutMs: SHORT_TIMEOUT_MS,
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
      situation: 'an unknown error code and text',
      rpcs: [{ faults: later(error(-32_099, 'the dog ate it')) }],
      fault: 'unknown',
    },
    {
      situation: 'a method that is refused for a while',
      rpcs: [{ faults: later(error(-32_601, 'method not found')) }],
      fault: 'refused',
    },
  ]

  test.each(rows)(
    '$situation: the RPC is asked again, and nothing is lost',
    async ({ rpcs, strike, fault, timeoutMs }) => {
      const it = await ingesting(rpcs, { timeoutMs })
      await it.untilReached(held)
      await strike?.(it)
      it.closeAll()
      await it.untilReached(last)
      expect(it.faults()[fault!]).toBeGreaterThan(0)
      expect(contents(it.store)).toEqual(undisturbed)
    },
  )

  test('429 with Retry-After: the RPC is not asked again before that time', async () => {
    const it = await ingesting([
      { faults: later({ kind: '429', retryAfterSeconds: 1 }, { times: 1 }) },
    ])
    await it.untilReached(held)
    it.closeAll()
    await it.failed('busy')
    const from = it.time.now()
    await it.untilReached(last)
    expect(it.time.now() - from).toBeGreaterThanOrEqual(900)
    expect(contents(it.store)).toEqual(undisturbed)
  })
})

describe('P3: another RPC is asked', () => {
  const rows: Row[] = [
    {
      situation: 'a replica that is behind our cursor',
      rpcs: [{}, {}],
      strike: ({ nodes: [a] }) => a!.sim.holdBack(150),
      fault: 'behind',
    },
    {
      situation: 'a replica with a short history, which says forever that the ledgers are gone',
      rpcs: [{ faults: later({ kind: 'retention', oldest: held + 50 }) }, {}],
      fault: 'outside_retention',
    },
    {
      situation: 'a node that stops',
      rpcs: [{}, {}],
      strike: ({ nodes: [a] }) => a!.stop(),
      fault: 'unreachable',
    },
    {
      situation: 'a node that answers 503 to everything',
      rpcs: [{ faults: later({ kind: '503' }, { times: forever, method: '*' }) }, {}],
      fault: 'busy',
    },
    {
      situation: 'an RPC that refuses everything',
      rpcs: [
        { faults: later(error(-32_601, 'method not found'), { times: forever, method: '*' }) },
        {},
      ],
      fault: 'refused',
    },
    {
      situation: 'an RPC whose URL now serves another network',
      rpcs: [{}, {}],
      async strike({ nodes: [a], failed }) {
        await a!.stop()
        // A change behind a URL shows as a lost connection.
        await failed('unreachable')
        await a!.restart({ recording: ofAnotherNetwork(), closed: BEFORE })
      },
      fault: undefined,
    },
  ]

  test.each(rows)(
    '$situation: another RPC is asked, and nothing is lost',
    async ({ rpcs, strike, fault, timeoutMs }) => {
      const it = await ingesting(rpcs, { timeoutMs })
      await it.untilReached(held)
      await strike?.(it)
      for (const { sim } of it.nodes.slice(-1)) sim.closeNext(quirks.ledgers.length)
      if (strike === undefined) it.closeAll()
      await it.untilReached(last)
      expect(it.source.counters().endpoints[1]!.pages).toBeGreaterThan(0)
      if (fault !== undefined) expect(it.faults()[fault]).toBeGreaterThan(0)
      expect(contents(it.store)).toEqual(undisturbed)
    },
  )

  test('a node that answers but whose tip does not move: another RPC is asked', async () => {
    const it = await ingesting([{}, {}])
    await it.untilReached(held)
    it.nodes[1]!.sim.closeNext(quirks.ledgers.length)
    // There are no errors: only our own clock shows that it is time to ask the other one.
    await it.untilReached(last)
    expect(contents(it.store)).toEqual(undisturbed)
  })
})

describe('P9: waiting without a fault', () => {
  test('an only node whose tip does not move: the status says for how long', async () => {
    const it = await ingesting([{}])
    await it.untilReached(held)
    await it.time.pass(600_000)
    expect(it.ingest.status()).toMatchObject({ state: 'ok', alarm: null })
    expect(it.ingest.status().tipStillForMs).toBeGreaterThanOrEqual(600_000)
    it.closeAll()
    await it.untilReached(last)
    expect(it.ingest.status().tipStillForMs).toBeLessThan(600_000)
    expect(contents(it.store)).toEqual(undisturbed)
  })
})

describe('P3: declaring a gap', () => {
  test('a gap is declared if every RPC says again and again that the ledgers are gone', async () => {
    const it = await ingesting([{}, {}])
    await it.untilReached(held)
    for (const { sim } of it.nodes) sim.forgetBefore(held + 41)
    it.nodes[0]!.sim.forgetBefore(held + 51)
    it.closeAll()
    await it.untilReached(last)
    expect(it.store.coverage.gaps()).toMatchObject([
      { from: held + 1, to: held + 40, reason: 'retention', repaired: false },
    ])
    expect(it.store.coverage.intervals()).toEqual([
      { from: firstLedger, to: held },
      { from: held + 41, to: last },
    ])
  })

  test('no gap is declared if retention begins right after the checkpoint', async () => {
    const it = await ingesting([{}])
    await it.untilReached(held)
    it.nodes[0]!.sim.forgetBefore(held + 1)
    it.closeAll()
    await it.untilReached(last)
    expect(contents(it.store)).toEqual(undisturbed)
  })

  test('no gap is declared while the only other RPC is unreachable', async () => {
    const it = await ingesting([{}, {}])
    await it.untilReached(held)
    await it.nodes[1]!.stop()
    it.nodes[0]!.sim.closeNext(quirks.ledgers.length)
    it.nodes[0]!.sim.forgetBefore(held + 41)
    await it.time.pass(600_000)
    expect([it.cursor(), it.coverage.gaps()]).toEqual([endOfLedger(held), []])
    await it.nodes[1]!.restart({ closed: quirks.ledgers.length })
    await it.untilReached(last)
    expect(contents(it.store)).toEqual(undisturbed)
  })
})

describe('P1: another chain', () => {
  test('a network that has started over raises an alarm, and nothing of it is stored', async () => {
    const it = await ingesting([{}])
    await it.time.until(() => it.reached() === held && it.coverage.hashes().length > 0)
    await it.nodes[0]!.restart({ recording: startedOver(), closed: 30 })
    await it.failed('behind')
    it.closeAll()
    await it.time.until(() => it.ingest.status().alarm !== null)
    expect(it.ingest.status().alarm).toMatch(/has started over .* start --fresh/)
    await it.time.pass(600_000)
    expect([it.cursor(), it.coverage.gaps()]).toEqual([endOfLedger(held), []])
  })

  test('if the URL of the only RPC serves another network, nothing is stored until the right one is back', async () => {
    const it = await ingesting([{}])
    await it.untilReached(held)
    // A network check is valid for a while.
    await it.time.pass(20_000)
    await it.nodes[0]!.stop()
    await it.failed('unreachable')
    await it.nodes[0]!.restart({ recording: ofAnotherNetwork(), closed: quirks.ledgers.length })
    await it.time.until(() => it.source.endpoints()[0]!.state === 'set_aside')
    expect(it.reached()).toBe(held)
    await it.nodes[0]!.restart({ closed: quirks.ledgers.length })
    await it.untilReached(last)
    expect(contents(it.store)).toEqual(undisturbed)
  })
})

describe('P4: events that cannot be decoded', () => {
  test('an event of a later protocol is stored as unrecognised, and the rest follows', async () => {
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
    const it = await ingesting([{ recording: { ...quirks, ledgers } }])
    it.closeAll()
    await it.untilReached(last)
    const rows = contents(it.store).events as { id: string; type: string; data: string }[]
    const odd = rows.filter(({ type }) => type === 'unrecognised')
    expect(odd.map(({ id }) => id)).toEqual([which.id])
    expect(JSON.parse(odd[0]!.data)).toMatchObject({ topics: which.topic, value: newer })
    expect(rows).toHaveLength(undisturbed.events!.length)
  })
})

describe('P9: the process ends', () => {
  test('if the only RPC serves another network from the start, the process ends with a usage error', async () => {
    const it = await ingesting([{ recording: ofAnotherNetwork() }])
    const error = await it.time.during(it.outcome)
    expect(error).toBeInstanceOf(UsageError)
    expect(String(error)).toMatch(/another network/i)
    expect(it.cursor()).toBe('')
  })

  test('an error that is not a fault of the source ends the process', async () => {
    const through = (direct: LedgerSource): LedgerSource => ({
      ...direct,
      page: () => Promise.reject(new TypeError('undefined is not a function')),
    })
    const it = await ingesting([{}], { through })
    expect(await it.time.during(it.outcome)).toBeInstanceOf(TypeError)
  })
})

function ofAnotherNetwork(): Recording {
  const other = { ...network, passphrase: 'Another network ; September 2015' }
  return { ...quirks, header: { ...quirks.header, network: other } }
}

/** The same ledger numbers and passphrase, but other hashes. */
function startedOver(): Recording {
  const ledgers = quirks.ledgers.map((ledger) => ({
    ...ledger,
    hash: ledger.hash.split('').toReversed().join(''),
  }))
  return { ...quirks, ledgers }
}
