import { describe, expect, test } from 'vitest'
import { createRateLimit } from '../../src/http/rate-limit.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'

describe('the count of requests', () => {
  test('P8: an address has so many requests in the minute that begins with its first', () => {
    let time = 5_000
    const take = createRateLimit(3, () => time)
    expect(take('a')).toEqual({ isOver: false, perMinute: 3, remaining: 2, resetSeconds: 60 })
    time += 20_500
    expect([take('a'), take('a')].map((rate) => rate?.remaining)).toEqual([1, 0])
    expect(take('a')).toEqual({ isOver: true, perMinute: 3, remaining: 0, resetSeconds: 40 })
    expect(take('b')?.isOver).toBe(false)
    time += 39_500
    expect(take('a')).toMatchObject({ isOver: false, remaining: 2, resetSeconds: 60 })
  })

  test('P8: what FlowFi’s API uses up is not taken from the other routes', () => {
    const take = createRateLimit(1)
    const left = Array.from({ length: 11 }, () => take('a', 'v1')?.remaining)
    expect(left).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0])
    expect(take('a', 'v1')?.isOver).toBe(true)
    expect(take('a', 'rest')).toMatchObject({ isOver: false, perMinute: 1 })
  })

  test('a limit of 0 is no limit', () => {
    expect(createRateLimit(0)('a')).toBeUndefined()
  })
})

describe('a daemon with a limit', () => {
  test('P8: requests beyond the limit get 429, and each answer says how many are left', async () => {
    const daemon = await startFeedDaemon({
      recording: 'first-steps',
      env: { RATE_LIMIT_PER_MINUTE: '3', TRUST_PROXY: '127.0.0.1' },
    })
    try {
      const get = (path: string, from = '203.0.113.7') =>
        fetch(`${daemon.url}${path}`, { headers: { 'x-forwarded-for': from } })
      const first = await get('/streams')
      expect(first.status).toBe(200)
      expect(first.headers.get('ratelimit-policy')).toBe('"requests";q=3;w=60')
      expect(first.headers.get('ratelimit')).toMatch(/^"requests";r=2;t=\d+$/)
      expect(first.headers.get('access-control-expose-headers')).toContain('RateLimit')
      // A refused request counts as well.
      expect((await get('/events?limit=0')).headers.get('ratelimit')).toMatch(/r=1/)
      expect((await get('/nowhere')).headers.get('ratelimit')).toMatch(/r=0/)
      const refused = await get('/streams')
      expect(refused.status).toBe(429)
      expect(refused.headers.get('content-type')).toBe('application/problem+json')
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(refused.headers.get('ratelimit')).toMatch(/^"requests";r=0;t=\d+$/)
      expect(refused.headers.get('access-control-allow-origin')).toBe('*')
      for (const path of ['/health', '/ready?max_lag=9', '/metrics']) {
        const answer = await get(path)
        expect(answer.status, path).not.toBe(429)
        expect(answer.headers.get('ratelimit'), path).toBeNull()
      }
      const feed = await get('/events/subscribe?all=true')
      expect(feed.status).toBe(200)
      await feed.body?.cancel()
      expect((await get('/streams', '203.0.113.8')).status).toBe(200)
    } finally {
      await daemon.close()
    }
  })
})
