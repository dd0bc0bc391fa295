/** P3: ledgers are lost only after every RPC in service has said so often enough. */
import { describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { SourceError } from '../../src/domain/errors.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { always, askPage, firstSteps, otherNetwork, reset, setUp } from '../support/failover.ts'
import type { Failover, NodeOptions } from '../support/failover.ts'

const { firstLedger } = firstSteps.header
const last = firstSteps.ledgers.at(-1)!.sequence
const early = { after: endOfLedger(firstLedger + 1) }

const ask = (failover: Failover) => askPage(failover, early)

async function failure(failover: Failover): Promise<SourceError> {
  const error: unknown = await ask(failover).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(SourceError)
  return error as SourceError
}

/** Asks again after each `retryAfterMs`; returns the seconds until the ledgers are lost. */
async function secondsUntilLost(failover: Failover, longest = 600): Promise<number> {
  for (let seconds = 0; seconds <= longest;) {
    const { fault, confirmed, retryAfterMs = 1_000 } = await failure(failover)
    if (confirmed) return seconds
    expect(fault).toBe('outside_retention')
    await failover.pass(retryAfterMs / 1_000)
    seconds += retryAfterMs / 1_000
  }
  return Number.POSITIVE_INFINITY
}

/** Counts the pages that were asked for over each connection. */
function connections() {
  const asked: number[] = [0]
  const options: NodeOptions = {
    through: (direct): LedgerSource => ({
      ...direct,
      page(...args) {
        asked[asked.length - 1]! += 1
        return direct.page(...args)
      },
      reconnect() {
        asked.push(0)
        direct.reconnect?.()
      },
    }),
  }
  return { asked, options }
}

describe('one RPC has forgotten ledgers', () => {
  test('P3: ledgers are lost after four answers in 30 seconds, each over a new connection', async () => {
    const { asked, options } = connections()
    const failover = await setUp([options])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    expect(await failure(failover)).toMatchObject({
      fault: 'outside_retention',
      confirmed: false,
      retryAfterMs: 10_000,
      range: { oldest: firstLedger + 5, latest: last },
    })
    await failover.pass(10)
    expect(await secondsUntilLost(failover)).toBe(20)
    // The first answer did not count: its connection was not new.
    expect(asked).toEqual([1, 1, 1, 1, 1])
    expect(await failure(failover)).toMatchObject({
      fault: 'outside_retention',
      confirmed: true,
      retryAfterMs: undefined,
      range: { oldest: firstLedger + 5, latest: last },
      endpoint: 'a',
    })
  })

  test('P3: ledgers are not lost after many answers in a short time', async () => {
    const failover = await setUp([{}])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    for (let i = 0; i < 100; i += 1) {
      expect(await failure(failover)).toMatchObject({ confirmed: false })
      failover.clock.advance(0.2)
    }
  })

  test('P3: ledgers are not lost while another node of the same URL has them', async () => {
    // A balancer: every new connection leads to the other node.
    let isShort = true
    const balancer = (direct: LedgerSource): LedgerSource => ({
      ...direct,
      async page(...args) {
        if (isShort) throw new SourceError('outside_retention', 'gone', { range })
        return direct.page(...args)
      },
      reconnect() {
        isShort = !isShort
      },
    })
    const range = { oldest: firstLedger + 40, latest: last }
    const failover = await setUp([{ through: balancer }])
    for (let i = 0; i < 20; i += 1) {
      expect((await ask(failover)).events.length).toBeGreaterThan(0)
      isShort = true
      failover.clock.advance(10)
    }
  })

  test('P3: other faults do not count towards lost ledgers', async () => {
    let fault: 'unreachable' | 'busy' | 'outside_retention' = 'unreachable'
    const failing = (direct: LedgerSource): LedgerSource => ({
      ...direct,
      async page() {
        throw new SourceError(fault, fault, { range: { oldest: firstLedger + 9, latest: last } })
      },
    })
    const failover = await setUp([{ through: failing }])
    for (let i = 0; i < 30; i += 1) {
      fault = i % 2 === 0 ? 'unreachable' : 'busy'
      expect(await failure(failover)).toMatchObject({ fault, confirmed: false })
      await failover.pass(10)
    }
    fault = 'outside_retention'
    expect(await secondsUntilLost(failover)).toBe(30)
  })

  test('P3: the count begins again after the RPC has shown the ledgers', async () => {
    let isGone = true
    const range = { oldest: firstLedger + 5, latest: last }
    const forgetful = (direct: LedgerSource): LedgerSource => ({
      ...direct,
      async page(...args) {
        if (isGone) throw new SourceError('outside_retention', 'gone', { range })
        return direct.page(...args)
      },
    })
    const failover = await setUp([{ through: forgetful }])
    for (let i = 0; i < 3; i += 1) {
      await failure(failover)
      await failover.pass(10)
    }
    isGone = false
    await ask(failover)
    isGone = true
    await failover.pass(10)
    expect(await secondsUntilLost(failover)).toBe(30)
  })
})

describe('several RPCs have forgotten ledgers', () => {
  test('P3: ledgers are lost when every RPC has said so, up to the longest history', async () => {
    const failover = await setUp([{}, {}, {}])
    for (const [i, node] of failover.nodes.entries()) node.forgetBefore(firstLedger + 9 - i)
    const range = { oldest: firstLedger + 7, latest: last }
    expect(await failure(failover)).toMatchObject({ confirmed: false, range })
    expect(await secondsUntilLost(failover)).toBe(30)
    expect(await failure(failover)).toMatchObject({ range, endpoint: 'a, b, c' })
  })

  test.each<[string, SourceError['fault']]>([
    ['unreachable', 'unreachable'],
    ['behind', 'behind'],
    ['busy', 'busy'],
  ])('P3: ledgers are not lost while one RPC is %s', async (_, fault) => {
    const failover = await setUp([
      {},
      fault === 'behind'
        ? { speed: 0, closed: 1 }
        : { faults: always(fault === 'busy' ? { kind: '503' } : reset, 'getEvents') },
    ])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    for (let i = 0; i < 6; i += 1) {
      await expect(ask(failover)).rejects.toMatchObject({ fault })
      failover.clock.advance(i)
    }
  })

  test('P3: ledgers are lost if the only RPC that may have them was away for hours', async () => {
    const failover = await setUp([{}, { faults: always(reset) }])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    await expect(ask(failover)).rejects.toMatchObject({ fault: 'unreachable' })
    failover.clock.advance(7 * 3_600)
    await expect(ask(failover)).rejects.toMatchObject({ fault: 'outside_retention' })
  })

  test('P3: ledgers are not lost while an RPC that answered within the last hour is away', async () => {
    const failover = await setUp([{}, {}])
    await ask(failover)
    // The other one answers its probe.
    await failover.pass(10)
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    await failover.nodes[1]!.close()
    for (let minutes = 0; minutes < 59; minutes += 1) {
      expect(await failure(failover)).toMatchObject({ fault: 'unreachable', confirmed: false })
      failover.clock.advance(60)
      await failover.idle()
    }
    failover.clock.advance(120)
    expect(await failure(failover)).toMatchObject({ confirmed: true })
  })

  test('P3: ledgers are not lost in the first minute while one RPC has never answered', async () => {
    const failover = await setUp([{}, { faults: always(reset) }])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    for (let i = 0; i < 6; i += 1) {
      expect(await failure(failover)).toMatchObject({ fault: 'unreachable', confirmed: false })
      await failover.pass(10)
    }
    expect(await failure(failover)).toMatchObject({ confirmed: true })
  })

  test('P3: an RPC that is set aside has no vote on lost ledgers', async () => {
    const failover = await setUp([{}, { recording: otherNetwork }])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    expect(await secondsUntilLost(failover)).toBe(30)
  })

  test('P3: if two RPCs must agree, ledgers are not lost while one still has them', async () => {
    const failover = await setUp([{}, {}], { agreement: 2 })
    failover.nodes[1]!.forgetBefore(firstLedger + 5)
    for (let i = 0; i < 10; i += 1) {
      const error = await failure(failover)
      expect(error).toMatchObject({ fault: 'unknown', confirmed: false })
      expect(error.message).toMatch(/only a answered of the two needed/)
      await failover.pass(10)
    }
    // Then the log continues at the first ledger that both have.
    failover.nodes[0]!.forgetBefore(firstLedger + 3)
    await failover.pass(10)
    await secondsUntilLost(failover)
    expect(await failure(failover)).toMatchObject({ range: { oldest: firstLedger + 5 } })
  })
})
