/** A node whose newest ledger is old calls itself unhealthy, but still serves its ledgers. */
import { expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { follow } from '../support/follow.ts'
import { loadRecording } from '../support/recordings.ts'

test('P3: a new log begins and grows on an RPC that calls itself unhealthy', async () => {
  const recording = await loadRecording('quirks')
  const { firstLedger } = recording.header
  const { store, node, catchUp } = await follow({
    recording,
    closed: 40,
    simulator: { faults: [{ when: { every: 1 }, fault: { kind: 'unhealthy' } }] },
  })
  await catchUp()
  expect(store.coverage.intervals()).toEqual([{ from: firstLedger, to: firstLedger + 39 }])
  node.closeNext(20)
  await catchUp()
  expect(store.coverage.checkpoint()?.cursor).toBe(endOfLedger(firstLedger + 59))
})
