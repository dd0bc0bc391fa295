/** P3, P5: a page counts only after its endpoint has shown that it has the log's chain. */
import { describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { SourceError } from '../../src/domain/errors.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import { createRecordingSource } from '../../src/source/recording-source.ts'
import type { ChainMemory, LedgerSource } from '../../src/source/source.ts'
import { firstSteps, never, pagesBy, setUp, statusOf } from '../support/failover.ts'
import type { Failover } from '../support/failover.ts'

const { firstLedger, contractId } = firstSteps.header
const last = firstSteps.ledgers.at(-1)!.sequence
const anchor = firstSteps.ledgers[3]!
const reached = firstLedger + 6
const after = endOfLedger(reached)
const log: ChainMemory = {
  anchors: () => [{ sequence: anchor.sequence, hash: anchor.hash }],
  checkpoint: () => reached,
}

/** The same ledger numbers and passphrase, but other ledgers. */
const startedOver: Recording = {
  ...firstSteps,
  ledgers: firstSteps.ledgers.map((ledger) => ({ ...ledger, hash: 'ee'.repeat(32) })),
}

/** A node that serves our chain, another chain or nothing. It counts checks and pages. */
function changing() {
  const served = {
    ours: createRecordingSource(firstSteps, contractId),
    other: createRecordingSource(startedOver, contractId),
  }
  const state = { serves: 'ours' as 'ours' | 'other' | 'nothing', checks: 0, pages: 0 }
  const now = (): LedgerSource => {
    if (state.serves === 'nothing') throw new SourceError('unreachable', 'ECONNREFUSED')
    return served[state.serves]
  }
  const through = (direct: LedgerSource): LedgerSource => ({
    ...direct,
    network: async (signal) => now().network(signal),
    range: async (signal) => now().range(signal),
    entries: async (keys, signal) => now().entries(keys, signal),
    async page(...args) {
      state.pages += 1
      return now().page(...args)
    },
    async ledger(...args) {
      state.checks += 1
      return now().ledger(...args)
    },
  })
  return { state, options: { through } }
}

function ask({ source }: Failover, start = after) {
  return source.page({ after: start }, 100, never)
}

describe('the chain of an endpoint', () => {
  test('P5: the chain is checked at the first page, and not again while all is well', async () => {
    const { state, options } = changing()
    const failover = await setUp([options], log)
    for (let i = 0; i < 5; i += 1) await ask(failover)
    expect(state).toMatchObject({ checks: 1, pages: 5 })
  })

  test('P5: an empty log needs no check of the chain', async () => {
    const { state, options } = changing()
    const failover = await setUp([options], { anchors: () => [], checkpoint: () => undefined })
    await failover.source.page({ startLedger: firstLedger }, 100, never)
    expect(state.checks).toBe(0)
  })

  test('P5: the chain is checked after a lost connection', async () => {
    const { state, options } = changing()
    const failover = await setUp([options], log)
    await ask(failover)
    state.serves = 'nothing'
    await expect(ask(failover)).rejects.toMatchObject({ fault: 'unreachable' })
    // The other chain is already beyond the checkpoint, so only its hashes differ.
    state.serves = 'other'
    const changed = /started over .*ledger \d+ was \w+ and is eee.* start --fresh/
    for (let i = 0; i < 3; i += 1) {
      await expect(ask(failover)).rejects.toThrow(changed)
      await expect(ask(failover)).rejects.toMatchObject({ fault: 'history_changed' })
      failover.clock.advance(10)
    }
    expect(statusOf(failover, 'a').state).toBe('failing')
    state.serves = 'ours'
    expect((await ask(failover)).tip.ledger).toBe(last)
  })

  test('P3: the chain is checked after a new connection, even if no call has failed', async () => {
    const { state, options } = changing()
    let connections = 1
    const through = (direct: LedgerSource): LedgerSource => ({
      ...options.through(direct),
      connections: () => connections,
    })
    const failover = await setUp([{ through }], log)
    for (let i = 0; i < 3; i += 1) await ask(failover)
    expect(state.checks).toBe(1)
    connections += 1
    await ask(failover)
    expect(state.checks).toBe(2)
    connections += 1
    state.serves = 'other'
    await expect(ask(failover)).rejects.toMatchObject({ fault: 'history_changed' })
  })

  test('P3: a page is not kept if its check would use another connection', async () => {
    const { state, options } = changing()
    let connections = 1
    let isBroken = true
    const through = (direct: LedgerSource): LedgerSource => {
      const source = options.through(direct)
      return {
        ...source,
        connections: () => connections,
        async ledger(...args) {
          if (!isBroken) return source.ledger(...args)
          connections += 1
          throw new SourceError('unreachable', 'reset')
        },
      }
    }
    const failover = await setUp([{ through }], log)
    state.serves = 'other'
    await expect(ask(failover)).rejects.toMatchObject({ fault: 'unreachable' })
    isBroken = false
    state.serves = 'ours'
    const { pages } = state
    await ask(failover)
    expect(state.pages).toBe(pages + 1)
  })

  test('P5: the chain is checked after the page, because a ledger may close in between', async () => {
    const order: string[] = []
    const { source } = await setUp(
      [
        {
          through: (direct) => ({
            ...direct,
            page: async (...args) => (order.push('page'), direct.page(...args)),
            ledger: async (...args) => (order.push('check'), direct.ledger(...args)),
          }),
        },
      ],
      log,
    )
    await source.page({ after }, 100, never)
    expect(order).toEqual(['page', 'check'])
  })

  test('P5: if the check fails, the page is kept and only the check is repeated', async () => {
    const { state, options } = changing()
    let failures = 3
    const failing = (direct: LedgerSource): LedgerSource => {
      const source = options.through(direct)
      return {
        ...source,
        async ledger(...args) {
          failures -= 1
          if (failures >= 0) throw new SourceError('busy', '503')
          return source.ledger(...args)
        },
      }
    }
    const failover = await setUp([{ through: failing }], log)
    for (let i = 0; i < 3; i += 1) {
      await expect(ask(failover)).rejects.toMatchObject({ fault: 'busy' })
      // Nothing counts before the check, not even the tip.
      expect(pagesBy(failover)).toEqual({ a: 0 })
    }
    expect((await ask(failover)).events.length).toBeGreaterThan(0)
    expect([state.pages, pagesBy(failover)]).toEqual([1, { a: 1 }])
    await ask(failover)
    expect(state.pages).toBe(2)
  })

  test('P5: an endpoint of another chain is not switched to', async () => {
    const preferred = changing()
    const other = changing()
    other.state.serves = 'other'
    const failover = await setUp([preferred.options, other.options], log)
    await ask(failover)
    preferred.state.serves = 'nothing'
    // The error is that of b: it is more certain than a lost connection.
    await expect(ask(failover)).rejects.toMatchObject({ fault: 'history_changed', endpoint: 'b' })
    expect(pagesBy(failover)).toEqual({ a: 1, b: 0 })
    other.state.serves = 'ours'
    failover.clock.advance(10)
    await ask(failover)
    expect(pagesBy(failover)).toEqual({ a: 1, b: 1 })
  })

  test('P5: a tip far below the end of the log shows another chain', async () => {
    const young: Recording = {
      ...firstSteps,
      header: { ...firstSteps.header, firstLedger: 2 },
      ledgers: [{ sequence: 2, hash: 'ab'.repeat(32), closedAt: '2026-12-16T17:00:00Z' }],
    }
    const { source } = await setUp([{ recording: young }], log)
    const evidence = `the tip is ledger 2, and the log ends at ${reached}`
    await expect(source.page({ after }, 100, never)).rejects.toMatchObject({
      fault: 'history_changed',
    })
    await expect(source.page({ after }, 100, never)).rejects.toThrow(evidence)
  })

  test('P5: a node that lags or has a short history is not taken for another chain', async () => {
    const failover = await setUp([{ speed: 0, closed: 5 }], log)
    await expect(ask(failover)).rejects.toMatchObject({ fault: 'behind' })
    failover.nodes[0]!.closeNext(100)
    failover.nodes[0]!.forgetBefore(reached + 1)
    expect((await ask(failover)).tip.ledger).toBe(last)
  })

  test('P5: the chain is checked before a hash or a record is used', async () => {
    const { state, options } = changing()
    const failover = await setUp([options], log)
    state.serves = 'other'
    const { key } = firstSteps.ledgers[0]!.entries![0]!
    await expect(failover.source.ledger(last, never)).rejects.toMatchObject({
      fault: 'history_changed',
    })
    await expect(failover.source.entries([key], never)).rejects.toMatchObject({
      fault: 'history_changed',
    })
  })
})
