import { describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { keysOf } from '../../src/relay/keys.ts'
import { loadRecording } from '../support/recordings.ts'
import { withoutRedis } from '../support/redis.ts'
import { openCluster } from './nodes.ts'
import type { ClusterNode } from './nodes.ts'

const reason = withoutRedis()
const lively = await loadRecording('lively')
const { contractId, network } = lively.header
const KEYS = keysOf({ networkPassphrase: network.passphrase, contractId })

describe.skipIf(reason !== undefined)(`a node in trouble${reason ? ` (${reason})` : ''}`, () => {
  test('P9: an entry of another version stops a follower, which says so and goes on serving', async () => {
    const cluster = await openCluster(lively, ['a', 'b'])
    const [leader, follower] = cluster.nodes as [ClusterNode, ClusterNode]
    await leader.start()
    await cluster.leader()
    const last = cluster.closeNext(20)
    await cluster.all(last)
    const beyond = endOfLedger(last + 1_000)
    const id = beyond.split('-').map(BigInt).join('-')
    cluster.redis.command('XADD', KEYS.pages, id, 'entry', '{"version":99}')
    await follower.start()
    await expect
      .poll(async () => (await readinessOf(follower)).reasons.join())
      .toMatch(/an entry in Redis has version 99, and this program reads \d+: run the same version/)
    expect((await readinessOf(follower)).ready).toBe(false)
  })

  test('a node that has missed entries and cannot ask for a snapshot says what to set', async () => {
    const cluster = await openCluster(lively, ['a', 'b'], { env: { ADMIN_TOKEN: '' } })
    const [leader, follower] = cluster.nodes as [ClusterNode, ClusterNode]
    await leader.start()
    await cluster.all(cluster.closeNext(20))
    cluster.redis.command('DEL', KEYS.pages)
    await cluster.all(cluster.closeNext(20))
    await follower.start()
    await expect
      .poll(async () => (await readinessOf(follower)).reasons.join())
      .toContain('set ADMIN_TOKEN, to the same secret on every node')
  })

  test('metrics name the role of a node', async () => {
    const cluster = await openCluster(lively, ['a', 'b'])
    await Promise.all(cluster.nodes.map((node) => node.start()))
    const leader = await cluster.leader()
    await cluster.all(cluster.closeNext(10))
    for (const node of cluster.nodes) {
      const isLeader = node === leader
      await expect.poll(() => metricsOf(node)).toMatch(/^flowfi_carrier_lag_ledgers 0$/m)
      const metrics = await metricsOf(node)
      expect(metrics).toContain(`flowfi_node_role{role="leader"} ${isLeader ? 1 : 0}`)
      expect(metrics).toContain(`flowfi_node_role{role="follower"} ${isLeader ? 0 : 1}`)
    }
  })
})

async function readinessOf({ daemon }: ClusterNode) {
  const response = await fetch(`${daemon().url}/ready`)
  return (await response.json()) as { ready: boolean; reasons: string[] }
}

async function metricsOf({ daemon }: ClusterNode): Promise<string> {
  const response = await fetch(`${daemon().url}/metrics`)
  return response.text()
}
