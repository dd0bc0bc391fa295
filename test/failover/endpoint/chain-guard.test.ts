/** P5: only a node that has reached the remembered ledgers can show that it has the log's chain. */
import { describe, expect, test } from 'vitest'
import { createChainGuard } from '../../../src/failover/endpoint/chain-guard.ts'

const never = new AbortController().signal
const ANCHORS = [
  { sequence: 100, hash: 'a' },
  { sequence: 90, hash: 'b' },
]

/** A node whose ledgers have these hashes; the log ends at ledger 105. */
function guardOver(hashes: Readonly<Record<number, string>>) {
  return createChainGuard(
    {
      async ledger(sequence) {
        const hash = hashes[sequence]
        return hash === undefined ? undefined : { sequence, hash, closedAt: 1 }
      },
    },
    { anchors: () => ANCHORS, checkpoint: () => 105 },
  )
}

describe('doubt about a chain', () => {
  test('P5: the doubt remains if the node has not reached the remembered ledgers', async () => {
    const guard = guardOver({})
    await guard.check(() => 89, never)
    expect(guard.isSure()).toBe(false)
  })

  test('P5: an equal hash ends the doubt, even that of an older ledger', async () => {
    const guard = guardOver({ 90: 'b' })
    await guard.check(() => 95, never)
    expect(guard.isSure()).toBe(true)
  })

  test('P5: the doubt ends if the node has forgotten the remembered ledgers', async () => {
    const guard = guardOver({})
    await guard.check(() => 110, never)
    expect(guard.isSure()).toBe(true)
  })

  test('P5: another hash, or a tip at less than half of the log, shows another chain', async () => {
    const changed = { fault: 'history_changed' }
    await expect(guardOver({ 100: 'x' }).check(() => 110, never)).rejects.toMatchObject(changed)
    await expect(guardOver({}).check(() => 50, never)).rejects.toMatchObject(changed)
  })
})
