import { connect, createServer } from 'node:net'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Contract, rpc } from '@stellar/stellar-sdk'
import { afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { UsageError } from '../../src/domain/errors.ts'
import { type Recording, readRecording } from '../../src/simulator/recording.ts'
import { describeFaults } from '../../src/simulator/fault-text.ts'
import {
  createFaults,
  type FaultScript,
  parseFaultScript,
  readFaultScript,
} from '../../src/simulator/faults.ts'
import { createLedgers } from '../../src/simulator/node/ledgers.ts'
import { createPlayback } from '../../src/simulator/playback.ts'
import {
  createSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../src/simulator/simulator.ts'

const FIRST = 1_500_000
const LAST = 1_500_021
const ALL_AT_ONCE = Number.POSITIVE_INFINITY

let recording: Recording
beforeAll(async () => {
  recording = await readRecording('fixtures/first-steps.jsonl')
})

const running: Simulator[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()))
})

async function start(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await createSimulator({ recording, speed: 0, ...options })
  running.push(simulator)
  return simulator
}

const startFaulty = (faults: FaultScript) => start({ speed: ALL_AT_ONCE, faults })

interface Reply {
  id: number
  result: Record<string, unknown> & { events: unknown[]; latestLedger: number; cursor: string }
  error: { code: number; message: string }
}

function post({ url }: Simulator, body: unknown): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
}

function call(simulator: Simulator, method: string, params: unknown = {}, id = 1) {
  return post(simulator, { jsonrpc: '2.0', id, method, params })
}

async function ask(simulator: Simulator, method: string, params?: unknown): Promise<Reply> {
  const response = await call(simulator, method, params)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each test looks at its own part
  return (await response.json()) as Reply
}

const fromFirst = { startLedger: FIRST }
const getEvents = (simulator: Simulator, params: unknown = fromFirst) =>
  ask(simulator, 'getEvents', params)

describe('playing', () => {
  test('only the first ledger is closed at the start', async () => {
    const simulator = await start()
    const { result } = await ask(simulator, 'getHealth')
    expect(result).toMatchObject({ status: 'healthy', oldestLedger: FIRST, latestLedger: FIRST })
  })

  test('ledgers close at the recorded pace times the speed', () => {
    vi.useFakeTimers()
    const startedAt = performance.now()
    const elapsedMs = () => performance.now() - startedAt
    onTestFinished(() => void vi.useRealTimers())
    const ledgers = createLedgers(recording)
    const playback = createPlayback(ledgers, { closed: 1, speed: 10 })
    const openedAt = ledgers.closeTime(FIRST)
    for (let ledger = FIRST + 1; ledger <= LAST; ledger += 1) {
      const dueMs = (ledgers.closeTime(ledger) - openedAt) * 100
      vi.advanceTimersByTime(dueMs - 1 - elapsedMs())
      expect(playback.latest()).toBe(ledger - 1)
      vi.advanceTimersByTime(1)
      expect(playback.latest()).toBe(ledger)
    }
    // 106 recorded seconds.
    expect(elapsedMs()).toBe(10_600)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('at infinite speed all ledgers close at once', async () => {
    const simulator = await start({ speed: ALL_AT_ONCE })
    await simulator.finished
    expect((await getEvents(simulator)).result.events).toHaveLength(29)
  })

  test('a recording of half a million ledgers, most of them empty, plays to its end', async () => {
    const month = await readRecording('fixtures/month.jsonl.gz')
    const simulator = await start({ recording: month, speed: 1e9 })
    await simulator.finished
    const { result } = await ask(simulator, 'getHealth')
    expect(result).toMatchObject({ oldestLedger: 10_410_977, latestLedger: 10_531_936 })
  })

  test('a poll at the tip returns its own cursor until a ledger closes', async () => {
    const simulator = await start({ closed: 2 })
    const poll = (cursor: string) => getEvents(simulator, { pagination: { cursor } })
    const idle = endOfLedger(FIRST + 1)
    expect((await poll(idle)).result).toMatchObject({ events: [], cursor: idle })
    expect(simulator.closeNext()).toBe(FIRST + 2)
    const { result } = await poll(idle)
    expect(result.events).toHaveLength(4)
    expect(result.cursor).toBe(endOfLedger(FIRST + 2))
  })

  test('closing ledgers by hand does not disturb the pace', async () => {
    const simulator = await start({ speed: 200 })
    expect(simulator.closeNext(10)).toBe(FIRST + 10)
    await simulator.finished
    expect(simulator.closeNext(5)).toBe(LAST)
  })

  test('a recording whose ledgers are all closed at the start is finished', async () => {
    const simulator = await start({ closed: 100 })
    await simulator.finished
    expect(simulator.latestLedger()).toBe(LAST)
  })

  test('before the first ledger closes, the node is empty', async () => {
    const simulator = await start({ closed: 0 })
    expect((await getEvents(simulator)).error.message).toBe('DB is empty')
    simulator.closeNext()
    expect((await getEvents(simulator)).result.latestLedger).toBe(FIRST)
  })
})

describe('a node that a test controls', () => {
  test('ledgers that a smaller retention window drops do not come back with a larger one', async () => {
    const simulator = await start({ speed: ALL_AT_ONCE })
    simulator.setRetentionWindow(10)
    const range = `startLedger must be within the ledger range: ${LAST - 9} - ${LAST}`
    expect((await getEvents(simulator)).error.message).toBe(range)
    simulator.setRetentionWindow(1000)
    expect((await getEvents(simulator)).error.message).toBe(range)
  })

  test('the ledgers before a given one can be dropped', async () => {
    const simulator = await start({ speed: ALL_AT_ONCE })
    simulator.forgetBefore(FIRST + 5)
    const { error } = await getEvents(simulator)
    expect(error.message).toContain(`range: ${FIRST + 5} - ${LAST}`)
  })

  test('a node that is held back answers as if at an earlier ledger', async () => {
    const simulator = await start({ speed: ALL_AT_ONCE })
    simulator.holdBack(4)
    expect((await getEvents(simulator)).result.latestLedger).toBe(LAST - 4)
    expect((await getEvents(simulator, { startLedger: LAST })).error.message).toContain(
      `range: ${FIRST} - ${LAST - 4}`,
    )
    simulator.holdBack(0)
    expect((await getEvents(simulator)).result.latestLedger).toBe(LAST)
  })

  test('the SDK can read every method', async () => {
    const { url } = await start({ speed: ALL_AT_ONCE })
    const server = new rpc.Server(url, { allowHttp: true })
    const { contractId } = recording.header
    const filters = [{ contractIds: [contractId] }]
    const [events, latest, health, network, ledgers, instance] = await Promise.all([
      server.getEvents({ filters, startLedger: FIRST }),
      server.getLatestLedger(),
      server.getHealth(),
      server.getNetwork(),
      server.getLedgers({ startLedger: LAST }),
      server.getLedgerEntries(new Contract(contractId).getFootprint()),
    ])
    expect(events.events).toHaveLength(17)
    expect(latest).toMatchObject({ sequence: LAST, closeTime: '1786000106' })
    expect(health.status).toBe('healthy')
    expect(network.passphrase).toBe(recording.header.network.passphrase)
    expect(ledgers.ledgers[0]?.hash).toBe(latest.id)
    expect(instance.entries).toHaveLength(1)
  })
})

describe('faults', () => {
  test('a timeout never answers, and close does not wait for it', async () => {
    const simulator = await startFaulty([{ when: { call: 1 }, fault: { kind: 'timeout' } }])
    const pending = call(simulator, 'getEvents', fromFirst)
    const verdict = await Promise.race([pending, sleep(50, 'pending')])
    expect(verdict).toBe('pending')
    await Promise.all([expect(pending).rejects.toThrow('fetch failed'), simulator.close()])
  })

  test('a timeout with `afterMs` answers late', async () => {
    const simulator = await startFaulty([
      { when: { call: 1 }, fault: { kind: 'timeout', afterMs: 60 } },
    ])
    const startedAt = performance.now()
    expect((await getEvents(simulator)).result.events).toHaveLength(29)
    expect(performance.now() - startedAt).toBeGreaterThan(55)
  })

  test('a reset breaks the connection once', async () => {
    const simulator = await startFaulty([{ when: { call: 1 }, fault: { kind: 'reset' } }])
    await expect(getEvents(simulator)).rejects.toThrow('fetch failed')
    expect((await getEvents(simulator)).result.events).toHaveLength(29)
  })

  test('429 has Retry-After only if the script says so', async () => {
    const simulator = await startFaulty([
      { when: { call: 1 }, fault: { kind: '429', retryAfterSeconds: 7 } },
      { when: { call: 2 }, fault: { kind: '429' } },
    ])
    const withHeader = await call(simulator, 'getEvents')
    expect([withHeader.status, withHeader.headers.get('retry-after')]).toEqual([429, '7'])
    const without = await call(simulator, 'getEvents')
    expect([without.status, without.headers.get('retry-after')]).toEqual([429, null])
  })

  test('503 and 504 have empty bodies', async () => {
    const simulator = await startFaulty([
      { when: { call: 1 }, fault: { kind: '503' } },
      { when: { call: 2 }, fault: { kind: '504' } },
    ])
    const answers = [await call(simulator, 'getEvents'), await call(simulator, 'getEvents')]
    expect(answers.map(({ status }) => status)).toEqual([503, 504])
    expect(await Promise.all(answers.map((each) => each.text()))).toEqual(['', ''])
  })

  test('a truncated body breaks off half-way', async () => {
    const simulator = await startFaulty([{ when: { call: 1 }, fault: { kind: 'truncated' } }])
    const response = await call(simulator, 'getEvents', fromFirst)
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow('terminated')
  })

  test('a web page comes with status 200', async () => {
    const simulator = await startFaulty([{ when: { call: 1 }, fault: { kind: 'html' } }])
    const response = await call(simulator, 'getEvents')
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('<html>')
  })

  test('an error answers one member of a batch and leaves the others alone', async () => {
    const fault = { kind: 'error', code: -32001, message: 'too slow' } as const
    const simulator = await startFaulty([{ when: { call: 1 }, fault }])
    const calls = ['getEvents', 'getNetwork', 'getEvents'].map((method, id) => ({
      jsonrpc: '2.0',
      id,
      method,
      params: { startLedger: LAST },
    }))
    const response = await post(simulator, calls)
    expect(await response.json()).toMatchObject([
      { id: 0, error: { code: -32001, message: 'too slow' } },
      { id: 1, result: { passphrase: recording.header.network.passphrase } },
      { id: 2, result: { events: [], latestLedger: LAST } },
    ])
  })

  test('latest_backwards changes one answer, range errors included', async () => {
    const simulator = await startFaulty([
      { when: { call: 1 }, times: 2, fault: { kind: 'latest_backwards', ledgers: 3 } },
    ])
    expect((await getEvents(simulator)).result.latestLedger).toBe(LAST - 3)
    const cursor = endOfLedger(LAST)
    expect((await getEvents(simulator, { pagination: { cursor } })).error.message).toBe(
      `startLedger must be within the ledger range: ${FIRST} - ${LAST - 3}`,
    )
    expect((await getEvents(simulator)).result.latestLedger).toBe(LAST)
  })

  test('retention drops ledgers for good, by number or up to a ledger', async () => {
    const simulator = await startFaulty([
      { when: { call: 1 }, fault: { kind: 'retention', ledgers: 4 } },
      { when: { call: 3 }, fault: { kind: 'retention', oldest: FIRST + 9 } },
    ])
    const ranges = []
    for (let i = 0; i < 4; i += 1) ranges.push((await getEvents(simulator)).error.message)
    expect(ranges.map((text) => /range: (\d+)/.exec(text)?.[1])).toEqual(
      [FIRST + 4, FIRST + 4, FIRST + 9, FIRST + 9].map(String),
    )
  })

  test('an unhealthy node has the real error, and answers everything else', async () => {
    const simulator = await startFaulty([
      { when: { call: 1 }, fault: { kind: 'unhealthy' } },
      { when: { call: 2 }, fault: { kind: 'unhealthy', latencySeconds: 9_228_261 } },
    ])
    const texts = []
    for (let i = 0; i < 2; i += 1) texts.push((await ask(simulator, 'getHealth')).error)
    const message = (latency: string) =>
      `[-32603] latency (${latency}) since last known ledger closed is too high (>30s)`
    expect(texts).toEqual([
      { code: -32603, message: message('45s') },
      { code: -32603, message: message('2563h24m21s') },
    ])
    expect((await getEvents(simulator)).result.events).toHaveLength(29)
    expect((await ask(simulator, 'getHealth')).result).toMatchObject({ status: 'healthy' })
  })

  test('a fault strikes only its own method', async () => {
    const simulator = await startFaulty([
      { when: { call: 1 }, method: 'getHealth', fault: { kind: '503' } },
      { when: { call: 3 }, method: '*', fault: { kind: '504' } },
    ])
    const methods = ['getNetwork', 'getHealth', 'getNetwork', 'getHealth']
    const statuses = []
    for (const method of methods) statuses.push((await call(simulator, method)).status)
    expect(statuses).toEqual([200, 503, 504, 200])
  })
})

/** The numbers of the calls that are struck. At call n, ledger n is the latest. */
function strikes(script: FaultScript, calls: number): number[] {
  const faults = createFaults(script)
  const numbers = Array.from({ length: calls }, (_, index) => index + 1)
  return numbers.filter((number) => faults.strike('getEvents', number) !== undefined)
}

describe('fault scripts', () => {
  const fault = { kind: 'reset' } as const

  test('rules strike at the calls that they name', () => {
    expect(strikes([{ when: { call: 3 }, fault }], 9)).toEqual([3])
    expect(strikes([{ when: { call: 3 }, times: 2, fault }], 9)).toEqual([3, 4])
    expect(strikes([{ when: { every: 3 }, fault }], 9)).toEqual([3, 6, 9])
    expect(strikes([{ when: { every: 3 }, times: 2, fault }], 9)).toEqual([3, 6])
    expect(strikes([{ when: { ledger: 5 }, fault }], 9)).toEqual([5])
  })

  test('chance is the same in every run, and as frequent as the script says', () => {
    const byChance: FaultScript = [{ when: { probability: 0.25, seed: 7 }, fault }]
    const struck = strikes(byChance, 4000)
    expect(strikes(byChance, 4000)).toEqual(struck)
    expect(struck.length).toBeGreaterThan(900)
    expect(struck.length).toBeLessThan(1100)
    expect(strikes([{ when: { probability: 0.25, seed: 8 }, fault }], 4000)).not.toEqual(struck)
  })

  test('the first of two rules wins, and the second strikes later', () => {
    const html = { kind: 'html' } as const
    const faults = createFaults([
      { when: { call: 1 }, fault },
      { when: { call: 1 }, fault: html },
    ])
    const struck = [1, 2, 3].map(() => faults.strike('getEvents', 1))
    expect(struck).toEqual([fault, html, undefined])
  })

  test.each([
    ['a script that is not an array', {}, 'expected array'],
    ['an unknown kind', [{ when: { call: 1 }, fault: { kind: 'oops' } }], 'fault.kind'],
    ['an unknown time', [{ when: { sometimes: 1 }, fault }], 'needs one of "call"'],
    ['an unknown method', [{ when: { call: 1 }, method: 'getevents', fault }], 'method'],
    ['a misspelt key', [{ when: { call: 1 }, time: 2, fault }], 'time'],
    [
      'both retentions',
      [{ when: { call: 1 }, fault: { kind: 'retention', oldest: 1, ledgers: 1 } }],
      'needs either "oldest" or "ledgers"',
    ],
  ])('%s is refused, and the error shows the valid forms', (_, script, words) => {
    const refused = () => parseFaultScript(script)
    expect(refused).toThrow(UsageError)
    expect(refused).toThrow(words)
    expect(refused).toThrow('{"kind": "latest_backwards", "ledgers": N}')
  })

  test('a script is described in words, one line for each rule', () => {
    const script: FaultScript = [
      { when: { call: 3 }, fault },
      { when: { call: 1 }, times: 2, fault: { kind: '429', retryAfterSeconds: 3 } },
      { when: { every: 5 }, method: '*', fault: { kind: '504' } },
      { when: { ledger: 9 }, fault: { kind: 'retention', oldest: 7 } },
      { when: { probability: 0.25 }, times: 4, fault: { kind: 'slow', ledgers: 100 } },
      { when: { every: 1 }, fault: { kind: 'unhealthy' } },
    ]
    expect(describeFaults(script)).toEqual([
      'getEvents, from call 3, once: the connection breaks',
      'getEvents, from call 1, 2 times: HTTP 429 with Retry-After: 3',
      'any method, every 5 calls: HTTP 504',
      'getEvents, after ledger 9, once: the ledgers before 7 are forgotten',
      'getEvents, 25 % of the calls, at most 4 times: error -32001 if getEvents would scan more than 100 ledgers',
      'getHealth, every call: getHealth says that the newest ledger is 45 s old, which is too old',
    ])
  })

  test('a file is read, or refused with its name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'faults-'))
    const file = join(folder, 'faults.json')
    try {
      await expect(readFaultScript(file)).rejects.toThrow(`cannot read the fault script ${file}`)
      await writeFile(file, '[{')
      await expect(readFaultScript(file)).rejects.toThrow(`${file} is not JSON`)
      await writeFile(file, '[{"when":{"call":0},"fault":{"kind":"reset"}}]')
      await expect(readFaultScript(file)).rejects.toThrow(`${file}: the fault script is invalid`)
      const script = [{ when: { call: 1 }, fault }]
      await writeFile(file, JSON.stringify(script))
      expect(await readFaultScript(file)).toMatchObject(script)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('starting and closing', () => {
  test('a client that goes away during its request does no harm', async () => {
    const simulator = await start()
    const { port } = new URL(simulator.url)
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
    const socket = connect(Number(port), '127.0.0.1')
    await new Promise<void>((sent) => {
      socket.write(`${head}Content-Length: 100\r\n\r\n{"jsonrpc"`, () => sent())
    })
    socket.resetAndDestroy()
    await once(socket, 'close')
    expect((await ask(simulator, 'getHealth')).result).toMatchObject({ status: 'healthy' })
  })

  test('a path that is not a URL is not found', async () => {
    const { url } = await start()
    const response = await fetch(`${url}//`, { method: 'POST' })
    expect(response.status).toBe(404)
  })

  test('after close there is no connection, no timer and no port left', async () => {
    const count = (kind: string) =>
      process.getActiveResourcesInfo().filter((each) => each === kind).length
    // The files of a worker share its process.
    const servers = count('TCPServerWrap')
    const timers = count('Timeout')
    const simulator = await createSimulator({
      recording,
      faults: [{ when: { call: 1 }, fault: { kind: 'timeout', afterMs: 60_000 } }],
    })
    const pending = call(simulator, 'getEvents')
    await call(simulator, 'getHealth')
    await Promise.all([expect(pending).rejects.toThrow('fetch failed'), simulator.close()])
    await simulator.close()
    await expect(call(simulator, 'getHealth')).rejects.toThrow('fetch failed')
    await expect.poll(() => count('TCPServerWrap')).toBeLessThanOrEqual(servers)
    // The poll itself has a timer too.
    await expect.poll(() => count('Timeout')).toBeLessThanOrEqual(timers + 1)
  })

  test('a port in use and options out of range are refused', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    await expect(start({ port })).rejects.toThrow(`cannot listen on port ${port}`)
    other.close()
    await expect(start({ speed: -1 })).rejects.toThrow(UsageError)
    await expect(start({ retentionWindow: 0 })).rejects.toThrow('retentionWindow')
  })
})
