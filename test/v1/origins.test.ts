import { afterAll, beforeAll, expect, test } from 'vitest'
import { openClient, subscribeRequest } from '../support/feed/client.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'

const LISTED = 'http://localhost:3000'
let daemon: FeedDaemon

beforeAll(async () => {
  daemon = await startFeedDaemon({ recording: 'first-steps', env: { CORS_ORIGINS: LISTED } })
})
afterAll(() => daemon.close())

test('another origin is refused in the form of the backend, preflights included', async () => {
  for (const method of ['GET', 'OPTIONS']) {
    for (const path of ['/api/v1/streams', '/v1/events/subscribe', '/v1/nothing', '/v2/streams']) {
      const headers = { origin: 'https://elsewhere.example' }
      const response = await fetch(daemon.url + path, { method, headers })
      expect([path, response.status, await response.json()]).toEqual([
        path,
        403,
        { error: 'CORS origin not allowed' },
      ])
    }
  }
})

test('the listed origin may read every answer, with credentials, whatever its status', async () => {
  for (const path of ['/v1/streams', '/v1/streams/999', '/v1/streams/x', '/v1/nothing']) {
    const response = await fetch(daemon.url + path, { headers: { origin: LISTED } })
    expect([path, response.headers.get('access-control-allow-origin')]).toEqual([path, LISTED])
    expect(response.headers.get('access-control-allow-credentials')).toBe('true')
    expect(response.headers.get('vary')).toMatch(/\borigin\b/i)
  }
  const preflight = await fetch(`${daemon.url}/v1/streams`, {
    method: 'OPTIONS',
    headers: { origin: LISTED, 'access-control-request-method': 'GET' },
  })
  expect(preflight.status).toBe(204)
  const feed = await openClient(
    daemon.url,
    subscribeRequest(`${daemon.url}/v1/events/subscribe`, { Origin: LISTED }),
  )
  await feed.until(({ messages }) => messages.length > 0)
  expect(feed.head).toMatchObject({
    status: 200,
    headers: {
      'content-type': 'text/event-stream',
      'access-control-allow-origin': LISTED,
      'x-content-type-options': 'nosniff',
      'x-request-id': (feed.messages[0]!.data as { requestId: string }).requestId,
    },
  })
})
