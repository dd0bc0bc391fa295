/** P3: where a log begins is decided by all RPCs, not by the first that answers. */
import { describe, expect, test } from 'vitest'
import { SourceError } from '../../src/domain/errors.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { firstSteps, heldUp, never, setUp } from '../support/failover.ts'
import type { NodeOptions } from '../support/failover.ts'

const { firstLedger, network } = firstSteps.header
const last = firstSteps.ledgers.at(-1)!.sequence
const whole = { oldest: firstLedger, latest: last }

/** Fails so many times before it tells its range. */
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

describe('P3: the beginning of a log', () => {
  test('is the longest history, however slow its RPC is', async () => {
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

  test('waits for an RPC that fails a few times', async () => {
    const failover = await setUp([{}, reluctant(4)])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    const asked = failover.source.extent(never)
    await failover.pass(30)
    expect(await asked).toEqual(whole)
    expect(failover.lines.filter(({ msg }) => msg.includes('without this RPC'))).toEqual([])
  })

  test('is decided without an RPC that cannot be asked for a minute, with a warning', async () => {
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

  test('needs no word of an RPC of another network', async () => {
    const other = { ...network, passphrase: 'Another Network' }
    const elsewhere = { ...firstSteps, header: { ...firstSteps.header, network: other } }
    const failover = await setUp([{}, { recording: elsewhere }])
    expect(await failover.source.extent(never)).toEqual(whole)
  })

  test('is what two RPCs have, where two have to agree', async () => {
    const { source, nodes } = await setUp([{}, {}, {}], { agreement: 2 })
    nodes[0]!.forgetBefore(firstLedger + 5)
    nodes[2]!.forgetBefore(firstLedger + 9)
    nodes[1]!.holdBack(3)
    const extent = await source.extent(never)
    expect(extent).toEqual({ oldest: firstLedger + 5, latest: last })
    const page = await source.page({ startLedger: extent.oldest }, 100, never)
    expect(page.events.length).toBeGreaterThan(0)
  })

  test('is unknown while only one of two that have to agree can be asked', async () => {
    const failover = await setUp([{}, reluctant(Number.POSITIVE_INFINITY)], { agreement: 2 })
    const asked = failover.source.extent(never).catch((error: unknown) => error)
    await failover.pass(80)
    expect(await asked).toMatchObject({ name: 'SourceError', fault: 'unreachable' })
  })

  test('is asked for once where there is one RPC: the caller asks again', async () => {
    const failover = await setUp([reluctant(1)])
    await expect(failover.source.extent(never)).rejects.toMatchObject({ fault: 'unreachable' })
    expect(await failover.source.extent(never)).toEqual(whole)
  })

  test('is given up at an abort', async () => {
    const failover = await setUp([{}, reluctant(Number.POSITIVE_INFINITY)])
    const stopping = new AbortController()
    const asked = failover.source.extent(stopping.signal)
    const reason = new Error('stop')
    stopping.abort(reason)
    await expect(asked).rejects.toBe(reason)
  })
})
