import { describe, expect, test } from 'vitest'
import { loadRecording } from '../support/recordings.ts'
import { withoutRedis } from '../support/redis.ts'
import { openCluster } from './nodes.ts'

const reason = withoutRedis()
const lively = await loadRecording('lively')

describe.skipIf(reason !== undefined)(`several nodes${reason ? ` (${reason})` : ''}`, () => {
  test('P1 P5: every node has the log and state of the leader, and one alone asks the RPCs', async () => {
    const cluster = await openCluster(lively, ['a', 'b', 'c'])
    await Promise.all(cluster.nodes.map(({ start }) => start()))
    const leader = await cluster.leader()
    const last = cluster.closeNext(60)
    await cluster.all(last)
    const [first, ...others] = cluster.nodes.map(({ contents }) => contents())
    for (const other of others) expect(other).toEqual(first)
    const status = await Promise.all(cluster.nodes.map((node) => node.status()))
    for (const { node } of status) {
      expect(node.leader).toBe(leader.name)
      expect(Date.parse(node.lease.until ?? '')).toBeGreaterThan(0)
      expect(node.role).toBe(node.name === leader.name ? 'leader' : 'follower')
    }
    await expect.poll(async () => (await cluster.nodes[0]!.status()).node.carrierLag).toBe(0)
    for (const { daemon } of cluster.nodes) {
      expect((await fetch(`${daemon().url}/ready`)).status).toBe(200)
    }
  })
})
