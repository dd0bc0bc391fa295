import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import type { FeedClient } from '../support/feed/client.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { startProxy } from '../support/proxy.ts'

interface Parties {
  sender: string | null
  recipient: string | null
}

/** Much more than the drain time and what follows it, for a busy machine. */
const CLOSE_MS = 40_000
const isCaughtUp = (client: FeedClient) => client.named('caught_up').length > 0
const isEnded = (client: FeedClient) => client.ended

/** A refusal, read to its end. */
async function refusal(client: FeedClient) {
  await client.until(({ head, body }) => {
    const length = Number(head?.headers['content-length'])
    return head !== undefined && (body.length === length || client.complete)
  })
  client.socket.destroy()
  const problem = JSON.parse(client.body) as Record<string, unknown>
  return { ...client.head!, problem }
}

async function countsAre({ stats }: FeedDaemon, counts: Record<string, number>): Promise<void> {
  await expect.poll(stats).toMatchObject(counts)
}

function countsAreZero(of: FeedDaemon): Promise<void> {
  return countsAre(of, { activeConnections: 0, activeIps: 0, live: 0, replaying: 0, stalled: 0 })
}

describe.each(['lean', 'http'])('the feed with FEED_LANE=%s', (lane) => {
  const start = ({ env, ...setup }: Parameters<typeof startFeedDaemon>[0] & object) =>
    startFeedDaemon({ ...setup, env: { ...env, FEED_LANE: lane } })

  let daemon: FeedDaemon
  let ids: string[]

  beforeAll(async () => {
    daemon = await start({ recording: 'first-steps' })
    await daemon.indexed()
    ids = daemon.log().map(({ id }) => id)
  })
  afterAll(() => daemon.close())

  /** Subscribes until the replay is over; resolves with the ids of the events. */
  async function replay(query: string, headers: Record<string, string> = {}): Promise<string[]> {
    const client = await (await daemon.open(query, headers)).until(isCaughtUp)
    client.socket.destroy()
    return client.events().map(({ id }) => id!)
  }

  describe('the response', () => {
    test('the headers of the stream keep proxies from buffering or changing it', async () => {
      const client = await (await daemon.open('all=true')).until(isCaughtUp)
      client.socket.destroy()
      expect(client.head).toEqual({
        status: 200,
        headers: {
          'content-type': 'text/event-stream',
          'cache-control': 'no-cache, no-transform',
          'x-accel-buffering': 'no',
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'x-request-id': expect.any(String) as string,
          'access-control-allow-origin': '*',
          'access-control-expose-headers': expect.stringContaining('X-Request-Id') as string,
          'transfer-encoding': 'chunked',
          connection: 'close',
          date: expect.any(String) as string,
        },
      })
    })

    test('HEAD gets the same headers without a body, and does not count as a subscription', async () => {
      const client = await daemon.request(
        'HEAD /events/subscribe?all=true HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      )
      await client.until(isEnded)
      expect(client.head).toMatchObject({
        status: 200,
        headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
      })
      expect(client.body).toBe('')
      await countsAreZero(daemon)
    })

    test('HEAD with an illegal parameter gets the 400 without a body', async () => {
      const response = await fetch(`${daemon.url}/events/subscribe?cursor=x`, { method: 'HEAD' })
      expect(response.status).toBe(400)
      expect(await response.text()).toBe('')
    })

    test('any other method gets a 405', async () => {
      const response = await fetch(`${daemon.url}/events/subscribe?all=true`, { method: 'PUT' })
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toContain('GET')
    })
  })

  describe('the parameters', () => {
    const user = `G${'A'.repeat(55)}`
    test.for([
      ['', 'streams'],
      ['all=false', 'streams'],
      ['all=true&streams=1', 'all'],
      ['all=yes', 'all'],
      ['all=true&all=true', 'all'],
      ['streams=', 'streams'],
      ['streams=01', 'streams'],
      ['streams=1,,2', 'streams'],
      ['streams=18446744073709551616', 'streams'],
      [`streams=${Array.from({ length: 501 }, (_, n) => n).join(',')}`, 'streams'],
      [`users=${user}`, 'users'],
      ['types=stream.exploded', 'types'],
      ['all=true&cursor=yesterday', 'cursor'],
      ['all=true&cursor=', 'cursor'],
      ['all=true&cursor=0009223372036854775-0000000000x', 'cursor'],
      ['all=true&cursor=9999999999999999999-0000000000', 'cursor'],
      [`all=true&lastEventId=${'1'.repeat(4_000)}`, 'lastEventId'],
      ['all=true&last_event_id=1', 'last_event_id'],
      ['all=true&cursor=now&cursor=earliest', 'cursor'],
      ['all=true&overload=wait', 'overload'],
      ['all=true&stream=1', 'stream'],
      ['all=true&__proto__=1', '__proto__'],
    ] as const)('P8: an illegal parameter is refused by its name: $1', async ([query, name]) => {
      const { status, headers, problem } = await refusal(await daemon.open(query))
      expect(status).toBe(400)
      expect(headers['content-type']).toBe('application/problem+json')
      expect(problem).toMatchObject({ status: 400, errors: [{ parameter: name }] })
      expect(problem['detail']).toContain(name)
    })

    test.for(['x', '0009223372036854775-00000000001', '0'.repeat(5_000)])(
      'P8: a Last-Event-ID that is not a cursor is refused by its name',
      async (id) => {
        const { status, problem } = await refusal(
          await daemon.open('all=true', { 'Last-Event-ID': id }),
        )
        expect(status).toBe(400)
        expect(problem).toMatchObject({ errors: [{ parameter: 'Last-Event-ID' }] })
      },
    )

    test('values can be repeated, comma-separated, or both', async () => {
      const one = await replay('streams=1&cursor=earliest')
      const two = await replay('streams=2&cursor=earliest')
      const both = [...one, ...two].toSorted()
      expect(one.length).toBeGreaterThan(0)
      expect(two.length).toBeGreaterThan(0)
      for (const query of ['streams=1,2', 'streams=1&streams=2', 'streams=2,1&streams=1']) {
        expect(await replay(`${query}&cursor=earliest`)).toEqual(both)
      }
    })

    test('a subscription gets the events of its streams or users, narrowed by types', async () => {
      const log = daemon
        .log()
        .map(({ data }) => JSON.parse(data) as Record<'id' | 'type' | 'streamId', string> & Parties)
      const sender = log.find((event) => event.sender !== null)!.sender!
      const expected = log.filter(
        (event) =>
          event.type === 'stream.created' &&
          (event.streamId === '2' || event.sender === sender || event.recipient === sender),
      )
      const query = `streams=2&users=${sender}&types=stream.created&cursor=earliest`
      expect(await replay(query)).toEqual(expected.map(({ id }) => id))
    })

    test('P6: a subscription starts after the first cursor in the order header, lastEventId, last_event_id, cursor', async () => {
      const header = { 'Last-Event-ID': ids[10]! }
      const rest = `last_event_id=${ids[5]}&cursor=earliest`
      expect(await replay(`all=true&lastEventId=${ids[8]}&${rest}`, header)).toEqual(ids.slice(11))
      expect(await replay(`all=true&lastEventId=${ids[8]}&${rest}`)).toEqual(ids.slice(9))
      expect(await replay(`all=true&${rest}`)).toEqual(ids.slice(6))
      expect(await replay('all=true&cursor=earliest')).toEqual(ids)
      expect(await replay('all=true')).toEqual([])
      expect(await replay('all=true&cursor=now')).toEqual([])
    })

    test('an empty Last-Event-ID header counts as absent', async () => {
      const query = `all=true&lastEventId=${ids[3]}`
      expect(await replay(query, { 'Last-Event-ID': '' })).toEqual(ids.slice(4))
    })

    test('P6: a position beyond the log gets a documented reset', async () => {
      const beyond = '0900000000000000000-0000000000'
      const client = await daemon.open(`all=true&cursor=${beyond}`)
      await client.until(() => client.named('reset').length > 0)
      client.socket.destroy()
      expect(client.named('reset')[0]?.data).toMatchObject({ reason: 'ahead', requested: beyond })
    })

    test('P6: a subscription can start at a position that is not an event', async () => {
      const ledger = Number(BigInt(ids[6]!.slice(0, 19)) >> 32n)
      const after = ids.filter((id) => id > endOfLedger(ledger))
      expect(await replay(`all=true&cursor=${endOfLedger(ledger)}`)).toEqual(after)
    })
  })

  test('the frames have the documented shapes', async () => {
    const client = await (await daemon.open('all=true&cursor=earliest')).until(isCaughtUp)
    client.socket.destroy()
    expect(client.messages.length).toBeGreaterThan(ids.length)
  })

  describe('a full feed', () => {
    test('P8: a full feed answers 503 with Retry-After, and has room once a client has left', async (context) => {
      const small = await start({
        recording: 'first-steps',
        env: { MAX_SUBSCRIPTIONS: '2' },
      })
      context.onTestFinished(() => small.close())
      const held = await small.open('all=true')
      await (await small.open('all=true')).until(isCaughtUp)
      const { status, headers, problem } = await refusal(await small.open('all=true'))
      expect(status).toBe(503)
      expect(Number(headers['retry-after'])).toBeGreaterThan(0)
      expect(problem).toMatchObject({
        status: 503,
        detail: expect.stringContaining('overload=retry') as string,
      })
      expect(await small.stats()).toMatchObject({ activeConnections: 2, maxConnections: 2 })

      const retry = await small.open('all=true&overload=retry')
      await retry.until(({ complete }) => complete)
      retry.socket.destroy()
      expect(retry.head).toMatchObject({
        status: 200,
        headers: { 'content-type': 'text/event-stream' },
      })
      expect(retry.body).toMatch(/^retry: [1-5]000\n\n$/)

      held.socket.destroy()
      await countsAre(small, { activeConnections: 1 })
      const next = await (await small.open('all=true')).until(isCaughtUp)
      expect(next.head!.status).toBe(200)
    })

    test('P8: an address over its limit gets 429; others are unaffected', async (context) => {
      const small = await start({
        recording: 'first-steps',
        env: { MAX_SUBSCRIPTIONS_PER_ADDRESS: '1', TRUST_PROXY: '127.0.0.0/8' },
      })
      context.onTestFinished(() => small.close())
      const from = (address: string) => ({ 'X-Forwarded-For': address })
      await (await small.open('all=true', from('203.0.113.1'))).until(isCaughtUp)
      const { status, headers } = await refusal(await small.open('all=true', from('203.0.113.1')))
      expect(status).toBe(429)
      expect(Number(headers['retry-after'])).toBeGreaterThan(0)
      await (await small.open('all=true', from('203.0.113.2'))).until(isCaughtUp)
      expect(await small.stats()).toMatchObject({
        activeConnections: 2,
        activeIps: 2,
        perIpPeakConnections: 1,
      })
    })
  })

  describe('users that a trusted proxy names', () => {
    test('P8: a user over their limit gets 429; others are unaffected', async (context) => {
      const small = await start({
        recording: 'first-steps',
        env: { MAX_SUBSCRIPTIONS_PER_USER: '1', TRUST_PROXY: '127.0.0.0/8' },
      })
      context.onTestFinished(() => small.close())
      const as = (user: string) => ({ 'X-Forwarded-User': user })
      await (await small.open('all=true', as('alice'))).until(isCaughtUp)
      const { status, headers, problem } = await refusal(await small.open('all=true', as('alice')))
      expect(status).toBe(429)
      expect(Number(headers['retry-after'])).toBeGreaterThan(0)
      expect(problem['detail']).toContain('this user')
      await (await small.open('all=true', as('bob'))).until(isCaughtUp)
      await (await small.open('all=true')).until(isCaughtUp)
    })
  })

  describe('a body', () => {
    const post = (text: string, type = 'application/json', method = 'POST') =>
      daemon.request(
        `${method} /events/subscribe HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\n` +
          `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
      )
    const form = 'application/x-www-form-urlencoded'

    test.for([
      ['POST', 'application/json', '{"streams":["1","2"],"cursor":"earliest"}'],
      ['QUERY', 'application/json; charset=utf-8', '{"streams":"1,2","cursor":"earliest"}'],
      ['POST', form, 'streams=1&streams=2&cursor=earliest'],
    ] as const)(
      'a body gives the same events as a query string: %s with %s',
      async ([method, type, text]) => {
        const expected = await replay('streams=1,2&cursor=earliest')
        const client = await (await post(text, type, method)).until(isCaughtUp)
        client.socket.destroy()
        expect(client.head!.status).toBe(200)
        expect(client.events().map(({ id }) => id)).toEqual(expected)
      },
    )

    test('P8: a body has room for longer lists, up to a limit', async () => {
      const streams = (count: number) =>
        JSON.stringify({ streams: Array.from({ length: count }, (_, n) => String(n)) })
      const long = await (await post(streams(2_000))).until(isCaughtUp)
      expect(long.head!.status).toBe(200)
      long.socket.destroy()
      const { status, problem } = await refusal(await post(streams(2_001)))
      expect(status).toBe(400)
      expect(problem['detail']).toContain('at most 2000')
    })

    test.for([
      ['{"streams":["1"]', 'application/json', 400, 'JSON object'],
      ['[]', 'application/json', 400, 'JSON object'],
      ['{"streams":[1]}', 'application/json', 400, 'streams'],
      ['{"all":null}', 'application/json', 400, 'all'],
      ['{}', 'application/json', 400, 'all=true'],
      ['{"all":true,"all ":true}', 'application/json', 400, 'unknown parameter'],
      ['<all/>', 'application/xml', 415, 'application/json'],
      ['', '', 415, 'application/json'],
      [' '.repeat(300_000), 'application/json', 413, 'shorter lists'],
    ] as const)('P8: an illegal body is refused: %s', async ([text, type, status, hint]) => {
      const answer = await refusal(await post(text, type))
      expect(answer.status).toBe(status)
      expect(answer.problem['detail']).toContain(hint)
    })

    test('a request that is cut off inside its body does not count as a subscription', async () => {
      const client = await daemon.request(
        'POST /events/subscribe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"all"',
      )
      client.socket.resetAndDestroy()
      await countsAreZero(daemon)
      expect((await fetch(`${daemon.url}/health`)).status).toBe(200)
    })

    test('a preflight allows POST from other origins', async () => {
      const response = await fetch(`${daemon.url}/events/subscribe`, {
        method: 'OPTIONS',
        headers: { Origin: 'https://app.example', 'Access-Control-Request-Method': 'POST' },
      })
      expect(response.headers.get('access-control-allow-methods')).toContain('POST')
    })
  })

  describe('a connection', () => {
    const health = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n'
    const subscribe = 'GET /events/subscribe?all=true&cursor=earliest HTTP/1.1\r\nHost: x\r\n\r\n'

    test('a connection that had another request can become a subscription', async () => {
      const client = await daemon.request(health)
      await client.until(({ body }) => body.includes('ok'))
      const before = client.body.length
      client.socket.write(subscribe)
      await client.until(({ body }) => body.includes('caught_up'))
      client.socket.destroy()
      expect(client.body.slice(before)).toMatch(/^HTTP\/1.1 200 OK/)
    })

    test('a request that is pipelined after a subscription is not answered', async () => {
      const client = await (await daemon.request(subscribe + health)).until(isCaughtUp)
      expect(client.events().map(({ id }) => id)).toEqual(ids)
      expect(client.body).not.toContain('HTTP/1.1')
      client.socket.destroy()
    })

    test('a connection that asks for a second subscription is closed', async () => {
      const client = await (await daemon.request(subscribe + subscribe)).until(isEnded)
      expect(client.body).not.toContain('HTTP/1.1')
      await countsAreZero(daemon)
    })

    test('a subscription that is pipelined after a request without an answer yet gets a 400', async () => {
      const waiting = 'GET /streams?wait_ledger=9000000&wait=1 HTTP/1.1\r\nHost: x\r\n\r\n'
      const client = await (await daemon.request(waiting + subscribe)).until(isEnded)
      expect(client.head!.status).toBe(503)
      expect(client.body).toMatch(/HTTP\/1.1 400 Bad Request/)
      expect(client.body).toContain('cannot be pipelined')
    })

    test('a client that sends more after its request does not disturb the stream', async () => {
      const client = await (await daemon.request(subscribe)).until(isCaughtUp)
      for (let times = 0; times < 50; times += 1) client.socket.write(health)
      const other = await (await daemon.open('all=true')).until(isCaughtUp)
      expect(client.ended).toBe(false)
      for (const { socket } of [client, other]) socket.destroy()
      await countsAreZero(daemon)
    })
  })

  describe('the end of subscriptions', () => {
    test('P8: the counts return to zero after a FIN', async () => {
      const client = await (await daemon.open('all=true')).until(isCaughtUp)
      expect(await daemon.stats()).toMatchObject({ activeConnections: 1, live: 1 })
      client.socket.end()
      await countsAreZero(daemon)
      await client.until(isEnded)
    })

    test('P8: the counts return to zero after a RST', async () => {
      const client = await (await daemon.open('all=true')).until(isCaughtUp)
      client.socket.resetAndDestroy()
      await countsAreZero(daemon)
    })

    test('P8: the counts return to zero after a RST in the middle of a request', async () => {
      const client = await daemon.request('GET /events/subscribe?all=true HTTP/1.1\r\nHost')
      client.socket.resetAndDestroy()
      await countsAreZero(daemon)
    })

    test('P8: the counts return to zero after many clients have come and gone at once', async () => {
      const clients = await Promise.all(
        Array.from({ length: 60 }, () => daemon.open('all=true&cursor=earliest')),
      )
      for (const [number, { socket }] of clients.entries()) {
        if (number % 3 === 0) socket.resetAndDestroy()
        else if (number % 3 === 1) socket.end()
        else socket.destroy()
      }
      await countsAreZero(daemon)
    })
  })

  describe.concurrent('in time', () => {
    test('a response to HTTP/1.0 has no chunks and ends with the connection', async () => {
      const single = await start({ recording: 'first-steps' })
      await single.indexed()
      const client = await single.request(
        'GET /events/subscribe?all=true&cursor=earliest HTTP/1.0\r\n\r\n',
      )
      await client.until(isCaughtUp)
      await single.close()
      await client.until(isEnded)
      expect(client.head!.headers).not.toHaveProperty('transfer-encoding')
      expect(client.body).toMatch(/^retry: /)
      expect(client.body).toMatch(/event: reconnect\ndata: \{"reason":"shutdown"\}\n\n$/)
      expect(client.events().map(({ id }) => id)).toEqual(ids)
    })

    test('a silent connection does not delay a daemon that closes', async () => {
      const closing = await start({ recording: 'first-steps' })
      const silent = await closing.request('')
      const subscribed = await (await closing.open('all=true')).until(isCaughtUp)
      const began = performance.now()
      await closing.close()
      expect(performance.now() - began).toBeLessThan(CLOSE_MS)
      await silent.until(isEnded)
      await subscribed.until(isEnded)
    })

    test('P8: a client that vanished without a word counts at most until the maximum age', async (context) => {
      const short = await start({ recording: 'first-steps', env: { MAX_AGE_SECONDS: '1' } })
      context.onTestFinished(() => short.close())
      const proxy = await startProxy(short.url)
      context.onTestFinished(() => proxy.close())
      // Its head is sent when it is admitted, and counts.
      const response = await fetch(`${proxy.url}/events/subscribe?all=true`)
      proxy.vanish()
      await response.text().catch(() => {})
      await countsAreZero(short)
    })

    test('a daemon that closes says goodbye to each client within the drain time, refuses new ones, and ends soon after', async () => {
      const closing = await start({ recording: 'first-steps', env: { DRAIN_SECONDS: '1' } })
      await closing.indexed()
      const clients = await Promise.all(
        Array.from({ length: 60 }, () => closing.open('all=true&cursor=earliest')),
      )
      await Promise.all(clients.map((client) => client.until(isCaughtUp)))
      const late = await closing.request('GET /events/subscribe?all=true HTTP/1.1\r\nHost: x\r\n')
      const began = performance.now()
      const closed = closing.close()
      late.socket.write('\r\n')
      const { status, headers, problem } = await refusal(late)
      expect(status).toBe(503)
      expect(Number(headers['retry-after'])).toBeGreaterThan(0)
      expect(problem['detail']).toContain('shutting down')
      await closed
      expect(performance.now() - began).toBeLessThan(CLOSE_MS)
      await Promise.all(clients.map((client) => client.until(isEnded)))
      for (const client of clients) {
        expect(client.complete).toBe(true)
        expect(client.messages.at(-1)).toMatchObject({
          event: 'reconnect',
          data: { reason: 'shutdown' },
        })
        expect(client.events().map(({ id }) => id)).toEqual(ids)
      }
      const moments = clients.map(({ messages }) => messages.at(-1)!.at)
      expect(Math.max(...moments) - Math.min(...moments)).toBeGreaterThan(500)
    })
  })
})
