/** Which ledgers the endpoints have decides which of them is asked. */
import { describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { askPage, firstSteps, pagesBy, reset, setUp, statusOf } from '../support/failover.ts'

const { firstLedger } = firstSteps.header
const last = firstSteps.ledgers.at(-1)!.sequence

describe('a node that lags', () => {
  const behind = { speed: 0, closed: 10 }

  test('a page that one node has not reached comes from another', async () => {
    const failover = await setUp([behind, {}])
    const after = endOfLedger(firstLedger + 12)
    expect(await askPage(failover, { after })).toMatchObject({ tip: { ledger: last } })
    expect(pagesBy(failover)).toEqual({ a: 0, b: 1 })
    expect(statusOf(failover, 'a')).toMatchObject({ latestLedger: firstLedger + 9 })
    // The first node is not asked for it again.
    await askPage(failover, { after })
    expect(failover.source.counters().endpoints[0]!.faults).toEqual({ behind: 1 })
  })

  test('a single node that lags is waited for', async () => {
    const failover = await setUp([behind])
    const after = endOfLedger(firstLedger + 12)
    await expect(askPage(failover, { after })).rejects.toMatchObject({
      fault: 'behind',
      range: { oldest: firstLedger, latest: firstLedger + 9 },
    })
    failover.nodes[0]!.closeNext(5)
    expect((await askPage(failover, { after })).cursor).toBe(endOfLedger(firstLedger + 14))
  })

  test('a node keeps its place if it lags by a few ledgers, and loses it if it lags by many', async () => {
    const near = await setUp([{}, {}])
    near.nodes[0]!.holdBack(10)
    for (let i = 0; i < 3; i += 1) {
      await askPage(near)
      await near.pass(10)
    }
    expect(pagesBy(near)).toEqual({ a: 3, b: 0 })
    const far = await setUp([{}, {}])
    far.nodes[0]!.holdBack(11)
    // The tips of the others are known after their first probes.
    await askPage(far)
    await far.pass(10)
    await askPage(far)
    await askPage(far)
    expect(pagesBy(far)).toEqual({ a: 2, b: 1 })
    far.nodes[0]!.holdBack(0)
    await far.pass(30)
    await askPage(far)
    expect(pagesBy(far)).toEqual({ a: 3, b: 1 })
  })

  test('a page has the tip of its own node, so that callers wait for this node', async () => {
    const failover = await setUp([{ faults: [{ when: { call: 2 }, fault: reset }] }, behind])
    expect((await askPage(failover)).tip.ledger).toBe(last)
    const { cursor, tip } = await askPage(failover)
    expect([cursor, tip.ledger]).toEqual([endOfLedger(firstLedger + 9), firstLedger + 9])
  })

  test('a page that ends after its own tip counts as a fault of the node', async () => {
    const inconsistent = (direct: LedgerSource): LedgerSource => ({
      ...direct,
      page: async (start, limit, signal) => ({
        ...(await direct.page(start, limit, signal)),
        tip: { ledger: firstLedger, closedAt: undefined },
      }),
    })
    const failover = await setUp([{ through: inconsistent }, {}])
    expect((await askPage(failover)).tip.ledger).toBe(last)
    expect(failover.source.counters().endpoints[0]!.faults).toEqual({ behind: 1 })
  })
})

describe('forgotten ledgers', () => {
  const early = { after: endOfLedger(firstLedger + 1) }

  test('ledgers that one endpoint has forgotten come from another', async () => {
    const failover = await setUp([{}, {}])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    expect((await askPage(failover, early)).events.length).toBeGreaterThan(0)
    await askPage(failover, early)
    // It was asked once more over a new connection, and then not again.
    expect(failover.source.counters().endpoints[0]!.faults).toEqual({ outside_retention: 2 })
    await askPage(failover, { after: endOfLedger(firstLedger + 6) })
    expect(pagesBy(failover)).toEqual({ a: 1, b: 2 })
  })
})
