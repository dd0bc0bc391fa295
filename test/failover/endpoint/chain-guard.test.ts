/** P5: a node that has not come as far as the log remembers has shown nothing of its chain. */
import { describe, expect, test } from 'vitest'
import { createChainGuard } from '../../../src/failover/endpoint/chain-guard.ts'

const never = new AbortController().signal
const ANCHORS = [
  { sequence: 100, hash: 'a' },
  { sequence: 90, hash: 'b' },
]

/** A node whose ledgers have these hashes, and the log that ends at ledger 105. */
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

describe('P5: doubt of a chain', () => {
  test('remains where a node has not reached what is remembered', async () => {
    const guard = guardOver({})
    await guard.check(() => 89, never)
    expect(guard.isSure()).toBe(false)
  })

  test('ends by a hash that is the same, an older one too', async () => {
    const guard = guardOver({ 90: 'b' })
    await guard.check(() => 95, never)
    expect(guard.isSure()).toBe(true)
  })

  test('ends where a node has forgotten what is remembered', async () => {
    const guard = guardOver({})
    await guard.check(() => 110, never)
    expect(guard.isSure()).toBe(true)
  })

  test('is justified by another hash, and by a tip at less than half of the log', async () => {
    const changed = { fault: 'history_changed' }
    await expect(guardOver({ 100: 'x' }).check(() => 110, never)).rejects.toMatchObject(changed)
    await expect(guardOver({}).check(() => 50, never)).rejects.toMatchObject(changed)
  })
})
