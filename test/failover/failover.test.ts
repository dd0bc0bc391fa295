/** One source over several: who is asked, who is believed, and what is said when nobody answers. */
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { SourceError } from '../../src/domain/errors.ts'
import { createFailoverSource } from '../../src/failover/failover.ts'
import { createRecordingSource } from '../../src/source/recording-source.ts'
import type { FaultScript } from '../../src/simulator/faults.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { loadRecording } from '../support/recordings.ts'
import { describeLedgerSource } from '../source/ledger-source.suite.ts'
import { firstSteps, heldUp, LONG, never, pagesBy, setUp, statusOf } from '../support/failover.ts'
import type { Failover } from '../support/failover.ts'

const { firstLedger, network, contractId } = firstSteps.header
const last = firstSteps.ledgers.at(-1)!.sequence
const all = { startLedger: firstLedger }
const otherNetwork = {
  ...firstSteps,
  header: { ...firstSteps.header, network: { ...network, passphrase: 'Another Network' } },
}

const always = (fault: FaultScript[number]['fault'], method: FaultScript[number]['method'] = '*') =>
  [{ when: { every: 1 }, method, fault }] satisfies FaultScript
const once = (fault: FaultScript[number]['fault']) =>
  [{ when: { call: 1 }, fault }] satisfies FaultScript
const reset = { kind: 'reset' } as const

const page = (
  { source }: Pick<Failover, 'source'>,
  start: Parameters<LedgerSource['page']>[0] = all,
  limit = 100,
) => source.page(start, limit, never)

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

describe('the preferred endpoint', () => {
  test('answers while it is good', async () => {
    const failover = await setUp([{}, {}])
    for (let i = 0; i < 3; i += 1) expect((await page(failover)).events).toHaveLength(17)
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
    ['resets', reset],
    ['is over its quota', { kind: '429', retryAfterSeconds: 3_600 }],
    ['answers a web page', { kind: 'html' }],
    ['breaks off', { kind: 'truncated' }],
    ['says what nobody knows', { kind: 'error', code: -32_099, message: 'the dog ate it' }],
    ['finds a page too long', { kind: 'error', code: -32_001, message: 'request exceeded' }],
  ])('that %s costs a call and no page', async (_, fault) => {
    const failover = await setUp([{ faults: once(fault) }, {}])
    expect((await page(failover)).events).toHaveLength(17)
    expect(pagesBy(failover)).toEqual({ a: 0, b: 1 })
    expect(statusOf(failover, 'a').state).toBe('failing')
    expect(statusOf(failover, 'b')).toMatchObject({ state: 'ok', lastError: null })
  })

  test('that is gone costs one line in the log, however many pages others answer', async () => {
    const failover = await setUp([{}, {}])
    await page(failover)
    await failover.nodes[0]!.close()
    for (let i = 0; i < 5; i += 1) await page(failover)
    const { failovers, endpoints } = failover.source.counters()
    expect(failovers).toBe(1)
    // Left alone from the first fault on.
    expect(endpoints[0]!.faults).toEqual({ unreachable: 1 })
    expect(pagesBy(failover)).toEqual({ a: 1, b: 5 })
    expect(failover.lines.filter(({ level }) => level >= 40)).toMatchObject([
      { endpoint: 'a', fault: 'unreachable', msg: 'RPC failed' },
    ])
  })

  test('is returned to within 30 seconds, and not before it has been good for a while', async () => {
    const failover = await setUp([{ faults: once(reset) }, {}])
    await page(failover)
    await failover.pass(6)
    await page(failover)
    expect(pagesBy(failover)).toEqual({ a: 0, b: 2 })
    await failover.pass(24)
    await page(failover)
    expect(pagesBy(failover)).toEqual({ a: 1, b: 2 })
    expect(failover.source.counters().failovers).toBe(1)
  })

  test('is not returned to while it fails now and then', async () => {
    const faults = [{ when: { every: 3 }, method: 'getHealth', fault: reset }] satisfies FaultScript
    const failover = await setUp([{ faults: [...once(reset), ...faults] }, {}])
    await page(failover)
    for (let i = 0; i < 20; i += 1) {
      await failover.pass(5)
      await page(failover)
    }
    expect(pagesBy(failover)['a']).toBe(0)
  })

  test('that has failed soon after each return is back within 30 seconds all the same', async () => {
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
      await page(failover)
      failing = false
      await failover.pass(30)
      await page(failover)
      expect(pagesBy(failover)).toEqual({ a: i, b: i })
    }
  })

  test('is checked again when it is returned to', async () => {
    let passphrase = network.passphrase
    const changing = (direct: LedgerSource): LedgerSource => ({
      ...direct,
      network: async () => ({ passphrase }),
    })
    const failover = await setUp([
      { faults: [{ when: { call: 2 }, fault: reset }], through: changing },
      {},
    ])
    await page(failover)
    await page(failover)
    passphrase = 'Another Network'
    for (let i = 0; i < 5; i += 1) {
      await failover.pass(10)
      await page(failover)
    }
    expect(statusOf(failover, 'a').state).toBe('set_aside')
    expect(pagesBy(failover)).toEqual({ a: 1, b: 6 })
  })
})

describe('an endpoint that cools down', () => {
  test('is asked all the same when there is no other', async () => {
    const failover = await setUp([{ faults: once({ kind: '429', retryAfterSeconds: 60 }) }])
    await expect(page(failover)).rejects.toMatchObject({ fault: 'busy', retryAfterMs: 60_000 })
    expect((await page(failover)).events).toHaveLength(17)
  })

  test('is the one of several that has to cool down least', async () => {
    const failover = await setUp([
      { faults: once({ kind: '429', retryAfterSeconds: 60 }) },
      { faults: once({ kind: '429', retryAfterSeconds: 20 }) },
    ])
    // Nobody is to come back before the first of them is willing.
    await expect(page(failover)).rejects.toMatchObject({ fault: 'busy', retryAfterMs: 20_000 })
    await page(failover)
    expect(pagesBy(failover)).toEqual({ a: 0, b: 1 })
  })
})

describe('an endpoint that is slow', () => {
  test('is overtaken by the next, and the preferred place goes with it', async () => {
    let isSlow = false
    const slow = heldUp('page', () => isSlow)
    const failover = await setUp([{ through: slow.through }, {}])
    await page(failover)
    isSlow = true
    const asked = page(failover)
    await slow.reached()
    failover.clock.advance(2)
    await asked
    expect(pagesBy(failover)).toEqual({ a: 1, b: 1 })
    expect(failover.source.counters().endpoints[0]).toMatchObject({ overtaken: 1, faults: {} })
    isSlow = false
    await page(failover)
    expect(pagesBy(failover)).toEqual({ a: 1, b: 2 })
  })

  test('answers all the same when the other fails', async () => {
    const slow = heldUp('page')
    const failover = await setUp([{ through: slow.through }, { faults: always(reset) }])
    const asked = page(failover)
    await slow.reached()
    failover.clock.advance(2)
    await expect.poll(() => statusOf(failover, 'b').state, LONG).toBe('failing')
    slow.release()
    expect((await asked).events).toHaveLength(17)
    expect(pagesBy(failover)).toEqual({ a: 1, b: 0 })
  })

  test('does not hold up the range', async () => {
    const slow = heldUp('range')
    const failover = await setUp([{ through: slow.through }, {}], { callTimeoutMs: 1e9 })
    let range: unknown
    const asked = failover.source.range(never).then((answer) => {
      range = answer
    })
    await slow.reached()
    // The other one's answer has to come first.
    const aSecondLater = () => (failover.clock.advance(1), range)
    await expect.poll(aSecondLater, LONG).toEqual({ oldest: firstLedger, latest: last })
    await asked
  })

  test('that never settles is given up by the watchdog, as a timeout', async () => {
    for (const others of [[{}], []]) {
      const stuck = heldUp('page')
      const failover = await setUp([{ through: stuck.through }, ...others], {
        callTimeoutMs: 100,
      })
      const asked = page(failover)
      await stuck.reached()
      failover.clock.advance(0.1)
      if (others.length > 0) expect((await asked).events).toHaveLength(17)
      else await expect(asked).rejects.toMatchObject({ fault: 'timeout' })
      expect(failover.source.counters().endpoints[0]!.faults).toEqual({ timeout: 1 })
    }
  })

  test('does not outlive an abort, settled or not', async () => {
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

describe('a page that is too long for a server', () => {
  test('is asked for shorter there, and not as a fault of its health', async () => {
    const failover = await setUp([{ maxEventsLimit: 10 }, {}])
    expect((await page(failover, all, 16)).events).toHaveLength(10)
    expect((await page(failover, all, 16)).events).toHaveLength(10)
    expect(pagesBy(failover)).toEqual({ a: 2, b: 0 })
  })
})

describe('a replica that is behind', () => {
  const behind = { speed: 0, closed: 10 }

  test('is switched from and not obeyed', async () => {
    const failover = await setUp([behind, {}])
    const after = endOfLedger(firstLedger + 12)
    expect(await page(failover, { after })).toMatchObject({ tip: { ledger: last } })
    expect(pagesBy(failover)).toEqual({ a: 0, b: 1 })
    expect(statusOf(failover, 'a')).toMatchObject({ latestLedger: firstLedger + 9 })
    // It is not asked again for what it does not have.
    await page(failover, { after })
    expect(failover.source.counters().endpoints[0]!.faults).toEqual({ behind: 1 })
  })

  test('is waited for when there is no other', async () => {
    const failover = await setUp([behind])
    const after = endOfLedger(firstLedger + 12)
    await expect(page(failover, { after })).rejects.toMatchObject({
      fault: 'behind',
      range: { oldest: firstLedger, latest: firstLedger + 9 },
    })
    failover.nodes[0]!.closeNext(5)
    expect((await page(failover, { after })).cursor).toBe(endOfLedger(firstLedger + 14))
  })

  test('keeps its place for a few ledgers, and loses it for many', async () => {
    const near = await setUp([{}, {}])
    near.nodes[0]!.holdBack(10)
    for (let i = 0; i < 3; i += 1) {
      await page(near)
      await near.pass(10)
    }
    expect(pagesBy(near)).toEqual({ a: 3, b: 0 })
    const far = await setUp([{}, {}])
    far.nodes[0]!.holdBack(11)
    // How far the others are is known from their first probe on.
    await page(far)
    await far.pass(10)
    await page(far)
    await page(far)
    expect(pagesBy(far)).toEqual({ a: 2, b: 1 })
    far.nodes[0]!.holdBack(0)
    await far.pass(30)
    await page(far)
    expect(pagesBy(far)).toEqual({ a: 3, b: 1 })
  })

  test('names its own tip: nobody is to wait without rest for what it does not have', async () => {
    const failover = await setUp([{ faults: [{ when: { call: 2 }, fault: reset }] }, behind])
    expect((await page(failover)).tip.ledger).toBe(last)
    const { cursor, tip } = await page(failover)
    expect([cursor, tip.ledger]).toEqual([endOfLedger(firstLedger + 9), firstLedger + 9])
  })

  test('is recognised by a page that ends behind its own tip', async () => {
    const inconsistent = (direct: LedgerSource): LedgerSource => ({
      ...direct,
      page: async (start, limit, signal) => ({
        ...(await direct.page(start, limit, signal)),
        tip: { ledger: firstLedger, closedAt: undefined },
      }),
    })
    const failover = await setUp([{ through: inconsistent }, {}])
    expect((await page(failover)).tip.ledger).toBe(last)
    expect(failover.source.counters().endpoints[0]!.faults).toEqual({ behind: 1 })
  })
})

test('a page that ends before it starts is not believed', async () => {
  const backwards = (direct: LedgerSource): LedgerSource => ({
    ...direct,
    page: async (start, limit, signal) => ({
      ...(await direct.page(start, limit, signal)),
      cursor: endOfLedger(1),
    }),
  })
  const failover = await setUp([{ through: backwards }, {}])
  expect((await page(failover)).cursor).toBe(endOfLedger(last))
  expect(failover.source.counters().endpoints[0]!.faults).toEqual({ malformed: 1 })
})

test('an error that is no fault of a source ends the call, not just an attempt', async () => {
  const broken = (direct: LedgerSource): LedgerSource => ({
    ...direct,
    page: async () => {
      throw new TypeError('a mistake in the program')
    },
  })
  await expect(page(await setUp([{ through: broken }, {}]))).rejects.toThrow(TypeError)
})

describe('ledgers that are forgotten', () => {
  const early = { after: endOfLedger(firstLedger + 1) }

  test('at one endpoint come from another, until the first has them again', async () => {
    const failover = await setUp([{}, {}])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    expect((await page(failover, early)).events.length).toBeGreaterThan(0)
    await page(failover, early)
    // Asked once more over a new connection, and not again for what it does not have.
    expect(failover.source.counters().endpoints[0]!.faults).toEqual({ outside_retention: 2 })
    await page(failover, { after: endOfLedger(firstLedger + 6) })
    expect(pagesBy(failover)).toEqual({ a: 1, b: 2 })
  })

  test('at all of them are lost, from the oldest that any of them has', async () => {
    const failover = await setUp([{}, {}, {}])
    for (const [i, node] of failover.nodes.entries()) node.forgetBefore(firstLedger + 9 - i)
    await expect(page(failover, early)).rejects.toMatchObject({
      fault: 'outside_retention',
      range: { oldest: firstLedger + 7, latest: last },
    })
  })

  test.each<[string, SourceError['fault']]>([
    ['unreachable', 'unreachable'],
    ['behind', 'behind'],
    ['busy', 'busy'],
  ])('are not lost as long as one endpoint is %s', async (_, fault) => {
    const failover = await setUp([
      {},
      fault === 'behind'
        ? { speed: 0, closed: 1 }
        : { faults: always(fault === 'busy' ? { kind: '503' } : reset, 'getEvents') },
    ])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    for (let i = 0; i < 6; i += 1) {
      await expect(page(failover, early)).rejects.toMatchObject({ fault })
      failover.clock.advance(i)
    }
  })

  test('are lost when the one that might have them has been away for hours', async () => {
    const failover = await setUp([{}, { faults: always(reset) }])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    await expect(page(failover, early)).rejects.toMatchObject({ fault: 'unreachable' })
    failover.clock.advance(7 * 3_600)
    await expect(page(failover, early)).rejects.toMatchObject({ fault: 'outside_retention' })
  })

  test('do not count at an endpoint of another network', async () => {
    const failover = await setUp([{}, { recording: otherNetwork }])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    await expect(page(failover, early)).rejects.toMatchObject({ fault: 'outside_retention' })
  })

  test('begin where the longest history does', async () => {
    const failover = await setUp([{}, {}, { faults: always(reset) }])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    failover.nodes[1]!.holdBack(3)
    expect(await failover.source.range(never)).toEqual({
      oldest: firstLedger,
      latest: last,
    })
  })
})

describe('an endpoint of another network', () => {
  test('is set aside with one error in the log, and the others serve', async () => {
    const failover = await setUp([{ recording: otherNetwork }, {}])
    expect(await failover.source.network(never)).toEqual({ passphrase: network.passphrase })
    for (let i = 0; i < 3; i += 1) {
      expect((await page(failover)).events).toHaveLength(17)
      // Looked at again, it is still what it was.
      await failover.pass(10)
    }
    expect(failover.source.counters().endpoints[0]!.faults.refused).toBeGreaterThan(1)
    expect(statusOf(failover, 'a')).toMatchObject({
      state: 'set_aside',
      lastError: 'refused: serves the network "Another Network"',
    })
    expect(failover.lines.filter(({ level }) => level >= 40)).toMatchObject([
      { level: 50, endpoint: 'a', msg: 'RPC set aside' },
    ])
  })

  test('is found at the start though it is not the preferred one', async () => {
    const failover = await setUp([{}, { recording: otherNetwork }])
    await page(failover)
    await expect.poll(() => statusOf(failover, 'b').state).toBe('set_aside')
  })

  test('is in use again within 30 seconds of serving ours', async () => {
    let passphrase = 'Another Network'
    const changing = (direct: LedgerSource): LedgerSource => ({
      ...direct,
      network: async () => ({ passphrase }),
    })
    const alone = await setUp([{ through: changing }])
    const preferred = await setUp([{ through: changing }, {}])
    await expect(page(alone)).rejects.toMatchObject({ fault: 'refused' })
    await page(preferred)
    ;({ passphrase } = network)
    // Not at once: that would be a call for every page.
    await expect(page(alone)).rejects.toMatchObject({ fault: 'refused' })
    for (const failover of [alone, preferred]) {
      await failover.pass(30)
      await page(failover)
      expect(pagesBy(failover)['a']).toBe(1)
      expect(statusOf(failover, 'a').state).toBe('ok')
    }
  })
})

describe('all endpoints of another network', () => {
  test('refuse with both passphrases', async () => {
    const { source } = await setUp([{ recording: otherNetwork }, { recording: otherNetwork }])
    const both = new RegExp(`"${network.passphrase}".*"Another Network".*RPC_URL`)
    await expect(source.network(never)).rejects.toThrow(both)
    await expect(source.page(all, 10, never)).rejects.toThrow(both)
    await expect(source.network(never)).rejects.toMatchObject({ fault: 'refused' })
  })

  test('are told from some that cannot be asked', async () => {
    const { source } = await setUp([{ recording: otherNetwork }, { faults: always(reset) }])
    await expect(source.network(never)).rejects.toMatchObject({ fault: 'unreachable' })
  })
})

describe('an endpoint without the contract', async () => {
  const elsewhere = await loadRecording('quirks')

  test('is set aside, and the others serve', async () => {
    const failover = await setUp([{ recording: elsewhere }, { recording: firstSteps }])
    await page(failover)
    expect(statusOf(failover, 'a')).toMatchObject({
      state: 'set_aside',
      lastError: `refused: has no contract ${contractId}`,
    })
  })

  test('is of our network all the same, and is soon asked again', async () => {
    const failover = await setUp([{ recording: elsewhere }])
    expect(await failover.source.network(never)).toEqual({ passphrase: network.passphrase })
    await expect(page(failover)).rejects.toMatchObject({ fault: 'refused' })
    await expect(page(failover)).rejects.toThrow(/has no contract .*CONTRACT_ID/)
    failover.clock.advance(8)
    await expect(page(failover)).rejects.toThrow(/has no contract/)
    expect(failover.source.counters().endpoints[0]!.faults).toEqual({ refused: 2 })
  })

  test('still tells of its ledgers: a network that started over has no contract', async () => {
    const { source } = await setUp([{ recording: elsewhere }])
    const { firstLedger: first } = elsewhere.header
    for (let i = 0; i < 2; i += 1) {
      expect(await source.range(never)).toMatchObject({ oldest: first })
      expect(await source.ledger(first, never)).toMatchObject({ sequence: first })
      await expect(page({ source })).rejects.toMatchObject({ fault: 'refused' })
    }
  })

  test('has to say so: one that cannot tell serves', async () => {
    const failover = await setUp([{ faults: always({ kind: '503' }, 'getLedgerEntries') }])
    expect((await page(failover)).events).toHaveLength(17)
  })
})

describe('ledgers and entries', () => {
  test('come from whichever endpoint has them', async () => {
    const failover = await setUp([{}, {}])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    const { hash } = firstSteps.ledgers[0]!
    expect(await failover.source.ledger(firstLedger, never)).toMatchObject({ hash })
    expect(await failover.source.ledger(firstLedger - 1, never)).toBeUndefined()
    await failover.nodes[0]!.close()
    const { key } = firstSteps.ledgers[0]!.entries![0]!
    const { entries } = await failover.source.entries([key], never)
    expect(entries).toMatchObject([{ key }])
  })

  test('are missing where those endpoints that can be asked do not have them', async () => {
    const { source, nodes } = await setUp([{}, { faults: always(reset) }])
    expect(await source.ledger(firstLedger - 1, never)).toBeUndefined()
    await nodes[0]!.close()
    const unknown = source.ledger(firstLedger, never)
    await expect(unknown).rejects.toMatchObject({ fault: 'unreachable' })
  })
})
