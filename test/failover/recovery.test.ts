/** An RPC is in use again within 30 seconds after it has recovered from any fault. */
import { describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { SourceError } from '../../src/domain/errors.ts'
import { REACTIONS } from '../../src/domain/faults.ts'
import type { Fault } from '../../src/domain/faults.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { loadRecording } from '../support/recordings.ts'
import { askPage, firstSteps, never, pagesBy, setUp, statusOf } from '../support/failover.ts'
import type { Failover, NodeOptions } from '../support/failover.ts'

const { firstLedger } = firstSteps.header
const last = firstSteps.ledgers.at(-1)!.sequence
/** Faults of the endpoint, not of the request. */
const TROUBLES = (Object.keys(REACTIONS) as Fault[]).filter((fault) => REACTIONS[fault].cools)

/** A node whose calls all fail while `isBad`. */
function troubled(fault: Fault) {
  const state = { isBad: false }
  const fail =
    <A extends unknown[], T>(method: (...args: A) => Promise<T>) =>
    async (...args: A) => {
      if (state.isBad) throw new SourceError(fault, 'trouble')
      return method(...args)
    }
  const through = (direct: LedgerSource): LedgerSource => ({
    ...direct,
    network: fail((signal) => direct.network(signal)),
    range: fail((signal) => direct.range(signal)),
    page: fail((from, limit, signal) => direct.page(from, limit, signal)),
    ledger: fail((sequence, signal) => direct.ledger(sequence, signal)),
  })
  return { state, options: { through } satisfies NodeOptions }
}

/** Asks every five seconds for this long, like ingestion at the tip. */
async function follow(failover: Failover, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 5) {
    await askPage(failover)
    await failover.pass(5)
  }
}

describe('recovery of the preferred RPC', () => {
  test.each(TROUBLES.flatMap((fault) => [3, 200].map((seconds) => [fault, seconds] as const)))(
    'the preferred RPC is back within 30 seconds after %s for %i seconds',
    async (fault, seconds) => {
      const { state, options } = troubled(fault)
      const failover = await setUp([options, {}])
      await follow(failover, 20)
      state.isBad = true
      await follow(failover, seconds)
      expect(statusOf(failover, 'a').state).toBe('failing')
      const before = pagesBy(failover)['a']!
      state.isBad = false
      await follow(failover, 30)
      await askPage(failover)
      expect(pagesBy(failover)['a']).toBeGreaterThan(before)
      expect(statusOf(failover, 'a').state).toBe('ok')
    },
  )

  test('the preferred RPC is back within 30 seconds after each of many outages', async () => {
    const { state, options } = troubled('unreachable')
    const failover = await setUp([options, {}])
    for (let round = 0; round < 8; round += 1) {
      state.isBad = true
      await follow(failover, 40)
      state.isBad = false
      const before = pagesBy(failover)['a']!
      await follow(failover, 30)
      await askPage(failover)
      expect(pagesBy(failover)['a']).toBeGreaterThan(before)
    }
  })

  test.each(['of another network', 'without the contract'])(
    'the preferred RPC is back within 30 seconds after it was one %s',
    async (what) => {
      const elsewhere = await loadRecording('quirks')
      let isWrong = true
      const through = (direct: LedgerSource): LedgerSource => ({
        ...direct,
        network: async (signal) =>
          isWrong && what === 'of another network'
            ? { passphrase: 'Another Network' }
            : direct.network(signal),
        entries: async (keys, signal) =>
          isWrong && what === 'without the contract'
            ? { latestLedger: elsewhere.header.firstLedger, entries: [] }
            : direct.entries(keys, signal),
      })
      const failover = await setUp([{ through }, {}])
      await follow(failover, 300)
      expect([statusOf(failover, 'a').state, pagesBy(failover)['a']]).toEqual(['set_aside', 0])
      isWrong = false
      await follow(failover, 30)
      await askPage(failover)
      expect(pagesBy(failover)['a']).toBeGreaterThan(0)
      expect(failover.lines.filter(({ msg }) => msg === 'RPC set aside')).toHaveLength(1)
    },
  )

  test('the preferred RPC is back within 30 seconds after it was far behind the others', async () => {
    const failover = await setUp([{}, {}])
    failover.nodes[0]!.holdBack(15)
    await follow(failover, 120)
    const before = pagesBy(failover)
    expect(before['b']).toBeGreaterThan(20)
    failover.nodes[0]!.holdBack(0)
    await follow(failover, 30)
    await askPage(failover)
    expect(pagesBy(failover)['a']).toBeGreaterThan(before['a']!)
  })

  test('the preferred RPC is not asked before the pause that it asked for is over', async () => {
    let isBusy = true
    const through = (direct: LedgerSource): LedgerSource => ({
      ...direct,
      async page(...args) {
        if (isBusy) throw new SourceError('busy', '429', { retryAfterMs: 120_000 })
        return direct.page(...args)
      },
    })
    const failover = await setUp([{ through }, {}])
    await askPage(failover)
    isBusy = false
    await follow(failover, 115)
    expect(failover.source.counters().endpoints[0]).toMatchObject({ pages: 0, probes: 0 })
    await follow(failover, 35)
    await askPage(failover)
    expect(pagesBy(failover)['a']).toBeGreaterThan(0)
  })
})

describe('a lagging RPC', () => {
  const at = { after: endOfLedger(firstLedger + 4) }
  const behind = { speed: 0, closed: 5 }

  test('a lagging RPC is left as soon as the good one answers again', async () => {
    const { state, options } = troubled('timeout')
    const failover = await setUp([options, behind])
    await askPage(failover)
    await failover.pass(10)
    state.isBad = true
    // It has nothing new: that is a fault of this RPC, not the end of the chain.
    await expect(failover.source.page(at, 100, never)).rejects.toMatchObject({ fault: 'behind' })
    state.isBad = false
    await failover.pass(1)
    expect((await failover.source.page(at, 100, never)).tip.ledger).toBe(last)
    expect(failover.source.counters().endpoints[1]!.faults).toEqual({})
  })

  test('a lagging RPC is asked for the ledgers that it has while the others are away', async () => {
    const { state, options } = troubled('timeout')
    const failover = await setUp([options, behind])
    await askPage(failover)
    await failover.pass(10)
    state.isBad = true
    const page = await failover.source.page({ after: endOfLedger(firstLedger + 1) }, 100, never)
    expect(page.cursor).toBe(at.after)
  })

  test('a lagging RPC sets the tip if the others have not answered for a minute', async () => {
    const { state, options } = troubled('timeout')
    const failover = await setUp([options, behind])
    await askPage(failover)
    state.isBad = true
    await failover.pass(61)
    expect((await failover.source.page(at, 100, never)).cursor).toBe(at.after)
  })

  test('one absurd tip does not make all other RPCs lag', async () => {
    let isAbsurd = false
    const absurd = (direct: LedgerSource): LedgerSource => ({
      ...direct,
      async page(...args) {
        const page = await direct.page(...args)
        if (!isAbsurd) return page
        return { ...page, tip: { ...page.tip, ledger: page.tip.ledger + 1_000_000 } }
      },
    })
    const failover = await setUp([{ through: absurd }, {}, {}])
    await follow(failover, 10)
    isAbsurd = true
    await follow(failover, 20)
    await failover.nodes[0]!.close()
    const idle = await failover.source.page({ after: endOfLedger(last) }, 100, never)
    expect(idle).toMatchObject({ events: [], tip: { ledger: last } })
    expect(statusOf(failover, 'b').state).toBe('ok')
  })
})

describe('a refusal', () => {
  test('a refusal does not count while another RPC is only away', async () => {
    const { state, options } = troubled('unreachable')
    const refusing = {
      faults: [
        {
          when: { every: 1 },
          method: '*',
          fault: { kind: 'error', code: -32_601, message: 'method not found' },
        },
      ],
    } satisfies NodeOptions
    const failover = await setUp([refusing, options])
    state.isBad = true
    for (let i = 0; i < 3; i += 1) {
      for (const asked of [failover.source.network(never), askPage(failover)]) {
        await expect(asked).rejects.toMatchObject({ fault: 'unreachable' })
      }
      failover.clock.advance(10)
    }
    state.isBad = false
    failover.clock.advance(10)
    expect((await askPage(failover)).tip.ledger).toBe(last)
  })

  test('a refusal counts if every RPC refuses', async () => {
    const bad = [troubled('refused'), troubled('refused')]
    const failover = await setUp(bad.map(({ options }) => options))
    for (const { state } of bad) state.isBad = true
    await expect(failover.source.network(never)).rejects.toMatchObject({ fault: 'refused' })
  })
})

test('an outage costs two log lines with the name of the RPC', async () => {
  const { state, options } = troubled('unreachable')
  const failover = await setUp([options, {}])
  await follow(failover, 20)
  state.isBad = true
  await follow(failover, 60)
  state.isBad = false
  await follow(failover, 10)
  const lines = failover.lines.filter(({ msg }) => !msg.startsWith('failover'))
  expect(lines.map(({ level, endpoint, msg }) => [level, endpoint, msg])).toEqual([
    [40, 'a', 'RPC failed'],
    [30, 'a', 'RPC answers again'],
  ])
})
