/** An endpoint of another network, or without the contract, is set aside. */
import { describe, expect, test } from 'vitest'
import type { LedgerSource } from '../../src/source/source.ts'
import {
  all,
  always,
  askPage,
  firstSteps,
  never,
  otherNetwork,
  pagesBy,
  reset,
  setUp,
  statusOf,
} from '../support/failover.ts'
import { loadRecording } from '../support/recordings.ts'

const { network, contractId } = firstSteps.header

describe('another network', () => {
  test('an endpoint of another network is set aside with one log line, and the others serve', async () => {
    const failover = await setUp([{ recording: otherNetwork }, {}])
    expect(await failover.source.network(never)).toEqual({ passphrase: network.passphrase })
    for (let i = 0; i < 3; i += 1) {
      expect((await askPage(failover)).events).toHaveLength(17)
      // It is checked again and still serves the other network.
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

  test('an endpoint of another network is found at the start even if it is not asked for pages', async () => {
    const failover = await setUp([{}, { recording: otherNetwork }])
    await askPage(failover)
    await expect.poll(() => statusOf(failover, 'b').state).toBe('set_aside')
  })

  test('an endpoint is in use again within 30 seconds after it serves our network', async () => {
    let passphrase = 'Another Network'
    const changing = (direct: LedgerSource): LedgerSource => ({
      ...direct,
      network: async () => ({ passphrase }),
    })
    const alone = await setUp([{ through: changing }])
    const preferred = await setUp([{ through: changing }, {}])
    await expect(askPage(alone)).rejects.toMatchObject({ fault: 'refused' })
    await askPage(preferred)
    ;({ passphrase } = network)
    // It is not checked at once: that would cost a call for every page.
    await expect(askPage(alone)).rejects.toMatchObject({ fault: 'refused' })
    for (const failover of [alone, preferred]) {
      await failover.pass(30)
      await askPage(failover)
      expect(pagesBy(failover)['a']).toBe(1)
      expect(statusOf(failover, 'a').state).toBe('ok')
    }
  })
})

describe('another network everywhere', () => {
  test('if all endpoints serve another network, the error names both passphrases', async () => {
    const { source } = await setUp([{ recording: otherNetwork }, { recording: otherNetwork }])
    const both = new RegExp(`"${network.passphrase}".*"Another Network".*RPC_URL`)
    await expect(source.network(never)).rejects.toThrow(both)
    await expect(source.page(all, 10, never)).rejects.toThrow(both)
    await expect(source.network(never)).rejects.toMatchObject({ fault: 'refused' })
  })

  test('an endpoint that cannot be asked may still serve our network', async () => {
    const { source } = await setUp([{ recording: otherNetwork }, { faults: always(reset) }])
    await expect(source.network(never)).rejects.toMatchObject({ fault: 'unreachable' })
  })
})

describe('a missing contract', async () => {
  const elsewhere = await loadRecording('quirks')

  test('an endpoint without the contract is set aside, and the others serve', async () => {
    const failover = await setUp([{ recording: elsewhere }, { recording: firstSteps }])
    await askPage(failover)
    expect(statusOf(failover, 'a')).toMatchObject({
      state: 'set_aside',
      lastError: `refused: has no contract ${contractId}`,
    })
  })

  test('an endpoint without the contract is soon checked again', async () => {
    const failover = await setUp([{ recording: elsewhere }])
    expect(await failover.source.network(never)).toEqual({ passphrase: network.passphrase })
    await expect(askPage(failover)).rejects.toMatchObject({ fault: 'refused' })
    await expect(askPage(failover)).rejects.toThrow(/has no contract .*CONTRACT_ID/)
    failover.clock.advance(8)
    await expect(askPage(failover)).rejects.toThrow(/has no contract/)
    expect(failover.source.counters().endpoints[0]!.faults).toEqual({ refused: 2 })
  })

  test('P5: an endpoint without the contract still answers for its ledgers', async () => {
    // After a network has started over, its chain is checked though the contract is missing.
    const { source } = await setUp([{ recording: elsewhere }])
    const { firstLedger: first } = elsewhere.header
    for (let i = 0; i < 2; i += 1) {
      expect(await source.range(never)).toMatchObject({ oldest: first })
      expect(await source.ledger(first, never)).toMatchObject({ sequence: first })
      await expect(askPage({ source })).rejects.toMatchObject({ fault: 'refused' })
    }
  })

  test('an endpoint that cannot say whether it has the contract serves', async () => {
    const failover = await setUp([{ faults: always({ kind: '503' }, 'getLedgerEntries') }])
    expect((await askPage(failover)).events).toHaveLength(17)
  })
})
