/** Calls other than pages: one good answer is enough. */
import { describe, expect, test } from 'vitest'
import { always, firstSteps, heldUp, LONG, never, reset, setUp } from '../support/failover.ts'

const { firstLedger } = firstSteps.header
const last = firstSteps.ledgers.at(-1)!.sequence

describe('ledgers and entries', () => {
  test('ledgers and entries come from any endpoint that has them', async () => {
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

  test('a ledger is missing if no endpoint that can be asked has it', async () => {
    const { source, nodes } = await setUp([{}, { faults: always(reset) }])
    expect(await source.ledger(firstLedger - 1, never)).toBeUndefined()
    await nodes[0]!.close()
    const unknown = source.ledger(firstLedger, never)
    await expect(unknown).rejects.toMatchObject({ fault: 'unreachable' })
  })
})

describe('the range', () => {
  test('the range begins where the longest history does', async () => {
    const failover = await setUp([{}, {}, { faults: always(reset) }])
    failover.nodes[0]!.forgetBefore(firstLedger + 5)
    failover.nodes[1]!.holdBack(3)
    expect(await failover.source.range(never)).toEqual({
      oldest: firstLedger,
      latest: last,
    })
  })

  test('a slow endpoint does not delay the range', async () => {
    const slow = heldUp('range')
    const failover = await setUp([{ through: slow.through }, {}], { callTimeoutMs: 1e9 })
    let range: unknown
    const asked = failover.source.range(never).then((answer) => {
      range = answer
    })
    await slow.reached()
    // The patience begins with the answer of the other endpoint.
    const aSecondLater = () => (failover.clock.advance(1), range)
    await expect.poll(aSecondLater, LONG).toEqual({ oldest: firstLedger, latest: last })
    await asked
  })
})
