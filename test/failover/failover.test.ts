/** Several endpoints as one source: which of them answers a call. */
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { SourceError } from '../../src/domain/errors.ts'
import { createFailoverSource } from '../../src/failover/failover.ts'
import { createRecordingSource } from '../../src/source/recording-source.ts'
import type { FaultScript } from '../../src/simulator/faults.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { describeLedgerSource } from '../source/ledger-source.suite.ts'
import {
  all,
  always,
  askPage,
  firstSteps,
  heldUp,
  LONG,
  once,
  pagesBy,
  reset,
  setUp,
  statusOf,
} from '../support/failover.ts'

const { firstLedger, network } = firstSteps.header
const last = firstSteps.ledgers.at(-1)!.sequence

describeLedgerSource('several RPCs', async (recording) => {
  const { contractId, network } = recording.header
  const source = createFailoverSource({
    endpoints: ['a', 'b'].map((name) => ({
      name,
      source: createRecordingSource(recording, contractId),
    })),
    networkPassphrase: network.passphrase,
    contractId,
    log: pino({ level: 'silent' }),
    callTimeoutMs: 5_000,
  })
  return { source, close: () => source.close() }
})

describe('preference', () => {
  test('the preferred endpoint answers while it is good', async () => {
    const failover = await setUp([{}, {}])
    for (let i = 0; i < 3; i += 1) expect((await askPage(failover)).events).toHaveLength(17)
    expect(pagesBy(failover)).toEqual({ a: 3, b: 0 })
    expect(failover.source.counters().failovers).toBe(0)
    expect(statusOf(failover, 'a')).toEqual({
      url: 'a',
      state: 'ok',
      latestLedger: last,
      oldestLedger: firstLedger,
      lastError: null,
    })
  })

  test.each<[string, FaultScript[number]['fault']]>([
    ['resets the connection', reset],
    ['is over its quota', { kind: '429', retryAfterSeconds: 3_600 }],
    ['answers with a web page', { kind: 'html' }],
    ['breaks off its answer', { kind: 'truncated' }],
    ['answers with an unknown error', { kind: 'error', code: -32_099, message: 'the dog ate it' }],
    [
      'cannot answer in its own time limit',
      { kind: 'error', code: -32_001, message: 'request exceeded' },
    ],
  ])('a page comes from the next endpoint if the preferred one %s', async (_, fault) => {
    const failover = await setUp([{ faults: once(fault) }, {}])
    expect((await askPage(failover)).events).toHaveLength(17)
    expect(pagesBy(failover)).toEqual({ a: 0, b: 1 })
    expect(statusOf(failover, 'a').state).toBe('failing')
    expect(statusOf(failover, 'b')).toMatchObject({ state: 'ok', lastError: null })
  })

  test('an endpoint that is gone costs one log line, however many pages others answer', async () => {
    const failover = await setUp([{}, {}])
    await askPage(failover)
    await failover.nodes[0]!.close()
    for (let i = 0; i < 5; i += 1) await askPage(failover)
    const { failovers, endpoints } = failover.source.counters()
    expect(failovers).toBe(1)
    // After the first fault it was left alone.
    expect(endpoints[0]!.faults).toEqual({ unreachable: 1 })
    expect(pagesBy(failover)).toEqual({ a: 1, b: 5 })
    expect(failover.lines.filter(({ level }) => level >= 40)).toMatchObject([
      { endpoint: 'a', fault: 'unreachable', msg: 'RPC failed' },
    ])
  })

  test('the preferred endpoint is back within 30 seconds, but only after it was good for a while', async () => {
    const failover = await setUp([{ faults: once(reset) }, {}])
    await askPage(failover)
    await failover.pass(6)
    await askPage(failover)
    expect(pagesBy(failover)).toEqual({ a: 0, b: 2 })
    await failover.pass(24)
    await askPage(failover)
    expect(pagesBy(failover)).toEqual({ a: 1, b: 2 })
    expect(failover.source.counters().failovers).toBe(1)
  })

  test('the preferred endpoint is not back while it fails now and then', async () => {
    const faults = [{ when: { every: 3 }, method: 'getHealth', fault: reset }] satisfies FaultScript
    const failover = await setUp([{ faults: [...once(reset), ...faults] }, {}])
    await askPage(failover)
    for (let i = 0; i < 20; i += 1) {
      await failover.pass(5)
      await askPage(failover)
    }
    expect(pagesBy(failover)['a']).toBe(0)
  })

  test('the preferred endpoint is back within 30 seconds even if it failed soon after each return', async () => {
    let failing = true
    const flapping = (direct: LedgerSource): LedgerSource => ({
      ...direct,
      page: async (...asked) => {
        if (failing) throw new SourceError('unreachable', 'gone')
        return direct.page(...asked)
      },
    })
    const failover = await setUp([{ through: flapping }, {}])
    for (let i = 1; i <= 6; i += 1) {
      failing = true
      await askPage(failover)
      failing = false
      await failover.pass(30)
      await askPage(failover)
      expect(pagesBy(failover)).toEqual({ a: i, b: i })
    }
  })

  test('the network of the preferred endpoint is checked again before it is back', async () => {
    let passphrase = network.passphrase
    const changing = (direct: LedgerSource): LedgerSource => ({
      ...direct,
      network: async () => ({ passphrase }),
    })
    const failover = await setUp([
      { faults: [{ when: { call: 2 }, fault: reset }], through: changing },
      {},
    ])
    await askPage(failover)
    await askPage(failover)
    passphrase = 'Another Network'
    for (let i = 0; i < 5; i += 1) {
      await failover.pass(10)
      await askPage(failover)
    }
    expect(statusOf(failover, 'a').state).toBe('set_aside')
    expect(pagesBy(failover)).toEqual({ a: 1, b: 6 })
  })
})

describe('cooling', () => {
  test('a single endpoint is asked even while it cools down', async () => {
    const failover = await setUp([{ faults: once({ kind: '429', retryAfterSeconds: 60 }) }])
    await expect(askPage(failover)).rejects.toMatchObject({ fault: 'busy', retryAfterMs: 60_000 })
    expect((await askPage(failover)).events).toHaveLength(17)
  })

  test('if all endpoints cool down, the one with the shortest time left is asked', async () => {
    const failover = await setUp([
      { faults: once({ kind: '429', retryAfterSeconds: 60 }) },
      { faults: once({ kind: '429', retryAfterSeconds: 20 }) },
    ])
    // The caller must wait for the first of them.
    await expect(askPage(failover)).rejects.toMatchObject({ fault: 'busy', retryAfterMs: 20_000 })
    await askPage(failover)
    expect(pagesBy(failover)).toEqual({ a: 0, b: 1 })
  })
})

describe('slow calls', () => {
  test('a slow endpoint is overtaken by the next one and loses its place', async () => {
    let isSlow = false
    const slow = heldUp('page', () => isSlow)
    const failover = await setUp([{ through: slow.through }, {}])
    await askPage(failover)
    isSlow = true
    const asked = askPage(failover)
    await slow.reached()
    failover.clock.advance(2)
    await asked
    expect(pagesBy(failover)).toEqual({ a: 1, b: 1 })
    expect(failover.source.counters().endpoints[0]).toMatchObject({ overtaken: 1, faults: {} })
    isSlow = false
    await askPage(failover)
    expect(pagesBy(failover)).toEqual({ a: 1, b: 2 })
  })

  test('a slow endpoint still answers if the other one fails', async () => {
    const slow = heldUp('page')
    const failover = await setUp([{ through: slow.through }, { faults: always(reset) }])
    const asked = askPage(failover)
    await slow.reached()
    failover.clock.advance(2)
    await expect.poll(() => statusOf(failover, 'b').state, LONG).toBe('failing')
    slow.release()
    expect((await asked).events).toHaveLength(17)
    expect(pagesBy(failover)).toEqual({ a: 1, b: 0 })
  })

  test('P8: a call that never settles is given up as a timeout', async () => {
    for (const others of [[{}], []]) {
      const stuck = heldUp('page')
      const failover = await setUp([{ through: stuck.through }, ...others], {
        callTimeoutMs: 100,
      })
      const asked = askPage(failover)
      await stuck.reached()
      failover.clock.advance(0.1)
      if (others.length > 0) expect((await asked).events).toHaveLength(17)
      else await expect(asked).rejects.toMatchObject({ fault: 'timeout' })
      expect(failover.source.counters().endpoints[0]!.faults).toEqual({ timeout: 1 })
    }
  })

  test('an abort ends calls that never settle', async () => {
    const stuck = (direct: LedgerSource): LedgerSource => ({
      ...direct,
      page: () => new Promise(() => {}),
    })
    const { source } = await setUp([{ through: stuck }, { through: stuck }])
    const stopping = new AbortController()
    const reason = new Error('stop')
    const asked = source.page(all, 10, stopping.signal)
    stopping.abort(reason)
    await expect(asked).rejects.toBe(reason)
    await expect(source.page(all, 10, stopping.signal)).rejects.toBe(reason)
    await expect(source.range(stopping.signal)).rejects.toBe(reason)
    await expect(source.network(stopping.signal)).rejects.toBe(reason)
  })
})

describe('page limits', () => {
  test('an endpoint that limits its pages is asked for shorter ones and keeps its place', async () => {
    const failover = await setUp([{ maxEventsLimit: 10 }, {}])
    expect((await askPage(failover, all, 16)).events).toHaveLength(10)
    expect((await askPage(failover, all, 16)).events).toHaveLength(10)
    expect(pagesBy(failover)).toEqual({ a: 2, b: 0 })
  })
})

test('P9: a page that ends before it starts is refused', async () => {
  const backwards = (direct: LedgerSource): LedgerSource => ({
    ...direct,
    page: async (start, limit, signal) => ({
      ...(await direct.page(start, limit, signal)),
      cursor: endOfLedger(1),
    }),
  })
  const failover = await setUp([{ through: backwards }, {}])
  expect((await askPage(failover)).cursor).toBe(endOfLedger(last))
  expect(failover.source.counters().endpoints[0]!.faults).toEqual({ malformed: 1 })
})

test('an error that is not a SourceError ends the call', async () => {
  const broken = (direct: LedgerSource): LedgerSource => ({
    ...direct,
    page: async () => {
      throw new TypeError('a mistake in the program')
    },
  })
  await expect(askPage(await setUp([{ through: broken }, {}]))).rejects.toThrow(TypeError)
})
