/** P3: all RPCs decide where a log begins, not the first that answers. */
import { describe, expect, test } from 'vitest'
import { SourceError } from '../../src/domain/errors.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { firstSteps, heldUp, never, otherNetwork, setUp } from '../support/failover.ts'
import type { NodeOptions } from '../support/failover.ts'

const { firstLedger } = firstSteps.header
const last = firstSteps.ledgers.at(-1)!.sequence
const whole = { oldest: firstLedger, latest: last }

/** Fails this many times before it returns its range. */
function reluctant(failures: number): NodeOptions {
  let left = failures
  return {
    through: (direct): LedgerSource => ({
      ...direct,
      async range(signal) {
        left -= 1
        if (left >= 0) throw new SourceError('unreachable', 'ECONNREFUSED')
        return direct.range(signal)
      },
    }),
  }
}

describe('the start of a log', () => {
  test('P3: a log begins with the longest history, however slow its RPC is', async () => {
    const slow = heldUp('range')
    const failover = await setUp([{}, { through: slow.through }])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    const asked = failover.source.extent(never)
    await slow.reached()
    // Long after the other one has answered.
    failover.clock.advance(19)
    slow.release()
    expect(await asked).toEqual(whole)
  })

  test('P3: the start of a log waits for an RPC that fails a few times', async () => {
    const failover = await setUp([{}, reluctant(4)])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    const asked = failover.source.extent(never)
    await failover.pass(30)
    expect(await asked).toEqual(whole)
    expect(failover.lines.filter(({ msg }) => msg.includes('without this RPC'))).toEqual([])
  })

  test('P3: an RPC that fails for a minute is left out, with a warning', async () => {
    const failover = await setUp([{}, reluctant(Number.POSITIVE_INFINITY)])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    let extent: unknown
    void failover.source.extent(never).then((answer) => (extent = answer))
    await failover.pass(59)
    expect(extent).toBeUndefined()
    await failover.pass(12)
    expect(extent).toEqual({ ...whole, oldest: firstLedger + 5 })
    expect(failover.lines.filter(({ msg }) => msg.includes('without this RPC'))).toMatchObject([
      { level: 40, endpoint: 'b', detail: 'unreachable: ECONNREFUSED' },
    ])
  })

  test('P3: an RPC of another network has no say in where a log begins', async () => {
    const failover = await setUp([{}, { recording: otherNetwork }])
    expect(await failover.source.extent(never)).toEqual(whole)
  })

  test('P3: if two RPCs must agree, a log begins where two have the ledgers', async () => {
    const { source, nodes } = await setUp([{}, {}, {}], { agreement: 2 })
    nodes[0]!.forgetBefore(firstLedger + 5)
    nodes[2]!.forgetBefore(firstLedger + 9)
    nodes[1]!.holdBack(3)
    const extent = await source.extent(never)
    expect(extent).toEqual({ oldest: firstLedger + 5, latest: last })
    const page = await source.page({ startLedger: extent.oldest }, 100, never)
    expect(page.events.length).toBeGreaterThan(0)
  })

  test('P3: if two RPCs must agree and one cannot be asked, the start is unknown', async () => {
    const failover = await setUp([{}, reluctant(Number.POSITIVE_INFINITY)], { agreement: 2 })
    const asked = failover.source.extent(never).catch((error: unknown) => error)
    await failover.pass(80)
    expect(await asked).toMatchObject({ name: 'SourceError', fault: 'unreachable' })
  })

  test('P3: a single RPC is asked once, because the caller asks again', async () => {
    const failover = await setUp([reluctant(1)])
    await expect(failover.source.extent(never)).rejects.toMatchObject({ fault: 'unreachable' })
    expect(await failover.source.extent(never)).toEqual(whole)
  })

  test('an abort ends the search for the start of the log', async () => {
    const failover = await setUp([{}, reluctant(Number.POSITIVE_INFINITY)])
    const stopping = new AbortController()
    const asked = failover.source.extent(stopping.signal)
    const reason = new Error('stop')
    stopping.abort(reason)
    await expect(asked).rejects.toBe(reason)
  })
})
