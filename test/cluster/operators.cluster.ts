import { describe, expect, test } from 'vitest'
import type { ClusterNode } from './nodes.ts'
import { isCaughtUp, openClient, subscribeRequest } from '../support/feed/client.ts'
import type { FeedClient } from '../support/feed/client.ts'
import { loadRecording } from '../support/recordings.ts'
import { withoutRedis } from '../support/redis.ts'
import { ADMIN_TOKEN } from '../support/tokens.ts'
import { openCluster } from './nodes.ts'

const reason = withoutRedis()
const recording = await loadRecording('first-steps')

interface Answer {
  data: { clientId: string }[]
  activeConnections: number
}

describe.skipIf(reason !== undefined)(`operators${reason ? ` (${reason})` : ''}`, () => {
  async function ask(node: ClusterNode, target: string, init: RequestInit = {}) {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
    const response = await fetch(node.daemon().url + target, { ...init, headers })
    return { status: response.status, body: (await response.json()) as Answer }
  }

  async function subscribe({ daemon }: ClusterNode): Promise<FeedClient> {
    const request = subscribeRequest(`${daemon().url}/events/subscribe?all=true`)
    return (await openClient(daemon().url, request)).until(isCaughtUp)
  }

  const idOf = ({ messages }: FeedClient) => messages[0]!.data['clientId'] as string

  test('see and reach the subscriptions of all nodes, whichever they ask', async () => {
    const cluster = await openCluster(recording, ['a', 'b'], { env: { ADMIN_TOKEN } })
    const [a, b] = cluster.nodes as [ClusterNode, ClusterNode]
    await Promise.all([a.start(), b.start()])
    await cluster.leader()
    await cluster.all(cluster.closeNext(3))
    const clients = [await subscribe(a), await subscribe(a), await subscribe(b)]
    const active = (node: ClusterNode, query: string) => async () =>
      (await ask(node, `/events/stats${query}`)).body.activeConnections
    await expect.poll(active(b, '?cluster=true')).toBe(3)
    await expect.poll(active(a, '?cluster=true')).toBe(3)
    expect([await active(a, '')(), await active(b, '?cluster=false')()]).toEqual([2, 1])

    for (const node of [a, b]) {
      const { body } = await ask(node, '/admin/subscriptions')
      expect(body.data.map(({ clientId }) => clientId).toSorted()).toEqual(
        clients.map(idOf).toSorted(),
      )
    }
    const body = JSON.stringify({ message: 'Maintenance at noon', level: 'info' })
    const sent = await ask(b, '/admin/announcements', { method: 'POST', body })
    expect(sent).toEqual({ status: 200, body: { data: { delivered: 3 } } })
    for (const client of clients)
      await client.until(({ named }) => named('announcement').length > 0)

    const closing = `/admin/subscriptions/${idOf(clients[0]!)}`
    const closed = await ask(b, closing, { method: 'DELETE' })
    expect(closed).toEqual({ status: 200, body: { data: { closed: 1 } } })
    await clients[0]!.until(({ named }) => named('reconnect').length > 0)
    expect((await ask(b, closing, { method: 'DELETE' })).status).toBe(404)

    // A node that has gone is not waited for.
    await a.close()
    await expect.poll(active(b, '?cluster=true')).toBe(1)

    await cluster.redis.kill()
    await expect.poll(async () => (await ask(b, '/events/stats?cluster=true')).status).toBe(503)
    expect(await active(b, '')()).toBe(1)
    // The list would not be complete.
    expect((await ask(b, '/admin/subscriptions')).status).toBe(503)
  })
})
