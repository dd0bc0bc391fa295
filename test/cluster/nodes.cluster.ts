import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { openStoreForReading } from '../../src/store/store.ts'
import { getJson } from '../support/daemon.ts'
import { openClient, subscribeRequest } from '../support/feed/client.ts'
import { loadRecording } from '../support/recordings.ts'
import { withoutRedis } from '../support/redis.ts'
import { openCluster } from './nodes.ts'
import type { Cluster, ClusterNode } from './nodes.ts'

const reason = withoutRedis()
const lively = await loadRecording('lively')

describe.skipIf(reason !== undefined)(`several nodes${reason ? ` (${reason})` : ''}`, () => {
  test('P1 P5: every node has the log and state of the leader, and one alone asks the RPCs', async () => {
    const cluster = await started(['a', 'b', 'c'])
    const leader = await cluster.leader()
    await cluster.all(cluster.closeNext(60))
    expectEqual(cluster)
    for (const each of cluster.nodes) {
      const { node, endpoints } = await each.status()
      const isLeader = each === leader
      expect(node).toMatchObject({
        name: each.name,
        role: isLeader ? 'leader' : 'follower',
        leader: leader.name,
        lease: { until: expect.stringMatching(/^\d{4}-.*Z$/) },
      })
      expect(endpoints[0]!.state).toBe(isLeader ? 'ok' : 'starting')
      await expect.poll(async () => (await each.status()).node.carrierLag).toBe(0)
      expect(await readyOf(each)).toBe(200)
    }
  })

  test('a leader that ends hands over at once, whatever its lease', async () => {
    const cluster = await started(['a', 'b'], { LEASE_SECONDS: '60' })
    const leader = await cluster.leader()
    await cluster.all(cluster.closeNext(20))
    await leader.close()
    const next = await cluster.leader()
    expect(next).not.toBe(leader)
    await cluster.all(cluster.closeNext(20))
    await leader.start()
    await cluster.all(next.rpc.latestLedger())
    expectEqual(cluster)
  })

  test('P6: a node that drains goes on following, and is named after its port', async () => {
    const env = { DRAIN_SECONDS: '15', NODE_NAME: '', PORT: '0' }
    const cluster = await started(['a', 'b'], env)
    for (const each of cluster.nodes) {
      const { port } = new URL(each.daemon().url)
      expect((await each.status()).node.name).toBe(`${hostname()}:${port}`)
    }
    const leading = async () => {
      const roles = await Promise.all(cluster.nodes.map(async (node) => (await node.status()).node))
      return roles.findIndex(({ role }) => role === 'leader')
    }
    await expect.poll(leading).toBeGreaterThanOrEqual(0)
    const leader = cluster.nodes[await leading()]!
    await cluster.all(cluster.closeNext(20))
    const clients = Array.from({ length: 20 }, () => subscribed(leader, endOfLedger(1)))
    for (const client of clients) await (await client).until(({ messages }) => messages.length > 0)
    const closing = leader.close()
    const last = cluster.closeNext(20)
    const store = openStoreForReading(leader.env['DATABASE_PATH']!)
    await expect.poll(() => store.coverage.checkpoint()?.ledger).toBeGreaterThanOrEqual(last)
    store.close()
    for (const client of clients) (await client).socket.destroy()
    await closing
  })

  test('P6: with Redis away everything can be read, and no position is called ahead', async () => {
    const cluster = await started(['a', 'b'])
    const leader = await cluster.leader()
    const follower = cluster.nodes.find((node) => node !== leader)!
    const last = cluster.closeNext(20)
    await cluster.all(last)
    const beyond = endOfLedger(last + 5_000)
    const wrong = await subscribed(follower, beyond)
    await wrong.until(({ messages }) => messages.some(({ event }) => event === 'reset'))
    expect(wrong.named('reset')[0]!.data).toMatchObject({ reason: 'ahead', requested: beyond })

    await cluster.redis.kill()
    const [one, other] = [await subscribed(follower, beyond), await subscribed(leader, beyond)]
    for (const { daemon } of cluster.nodes) await getJson(`${daemon().url}/streams`)
    // The reset comes only after Redis has answered.
    await cluster.redis.start()
    const settled = cluster.closeNext(20)
    await cluster.all(settled)
    for (const client of [one, other]) {
      await client.until(({ messages }) => messages.some(({ event }) => event === 'reset'))
      expect(client.named('reset')[0]!.data['reason']).toBe('ahead')
    }
    expectEqual(cluster)
  })

  test('P6: after Redis was flushed a node that missed entries seeds itself', async () => {
    const cluster = await openCluster(lively, ['a', 'b'])
    const [first, second] = cluster.nodes as [ClusterNode, ClusterNode]
    await first.start()
    await cluster.all(cluster.closeNext(30))
    cluster.redis.command('FLUSHALL')
    await cluster.all(cluster.closeNext(10))
    await second.start()
    await cluster.all(first.rpc.latestLedger())
    await cluster.leader()
    await cluster.all(cluster.closeNext(10))
    expectEqual(cluster)
    expect(await readyOf(second)).toBe(200)
  })
})

async function started(names: string[], env: Record<string, string> = {}): Promise<Cluster> {
  const cluster = await openCluster(lively, names, { env })
  await Promise.all(cluster.nodes.map((node) => node.start()))
  return cluster
}

function expectEqual({ nodes }: Cluster): void {
  const [first, ...others] = nodes.map((node) => node.digest())
  for (const other of others) expect(other).toEqual(first)
}

async function readyOf({ daemon }: ClusterNode): Promise<number> {
  return (await fetch(`${daemon().url}/ready`)).status
}

function subscribed({ daemon }: ClusterNode, cursor: string) {
  const { url } = daemon()
  return openClient(url, subscribeRequest(`${url}/events/subscribe?all=true&cursor=${cursor}`))
}
