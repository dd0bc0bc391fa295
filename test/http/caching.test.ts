import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isCaughtUp } from '../support/feed/client.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'

const SECRET = 'a secret of thirty-two characters'
let open: FeedDaemon
let jwt: FeedDaemon

beforeAll(async () => {
  ;[open, jwt] = await Promise.all([
    startFeedDaemon({
      recording: 'quirks',
      closed: 100,
      // An audit changes streams: `liveUntilLedger`.
      env: { FEED_LANE: 'http', AUDIT_INTERVAL_SECONDS: '0' },
    }),
    startFeedDaemon({ recording: 'first-steps', env: { AUTH: 'jwt', JWT_SECRET: SECRET } }),
  ])
  await Promise.all([open.indexed(), jwt.indexed()])
})
afterAll(() => Promise.all([open.close(), jwt.close()]))

interface Raw {
  status: number
  headers: IncomingMessage['headers']
  body: Buffer
}

/** The answer as it is on the wire. */
async function raw(url: string, headers: Record<string, string> = {}): Promise<Raw> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  get(url, { headers }, resolve).on('error', reject)
  const response = await promise
  const body = Buffer.concat(await response.toArray())
  return { status: response.statusCode ?? 0, headers: response.headers, body }
}

async function token(subject: string): Promise<Record<string, string>> {
  const signed = await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(subject)
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(SECRET))
  return { authorization: `Bearer ${signed}` }
}

describe('ETags', () => {
  const paths = [
    '/streams',
    '/streams/1',
    '/streams/1/claimable',
    '/streams/1/explain',
    '/streams/1/events',
    '/events?limit=3',
    '/events?format=csv',
    '/events?format=ndjson',
  ]
  test.for(paths)('a client that has %s gets 304 until the log has moved', async (path) => {
    const url = open.url + path
    const first = await raw(url)
    const etag = first.headers.etag ?? ''
    expect(etag).toMatch(/^W\/".+"$/)
    for (const known of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
      const again = await raw(url, { 'if-none-match': known })
      expect([known, again.status, again.headers.etag]).toEqual([known, 304, etag])
      expect(again.body.length).toBe(0)
      expect(again.headers.vary).toBe(first.headers.vary)
      expect(again.headers['cache-control']).toBe(first.headers['cache-control'])
    }
    expect((await raw(url, { 'if-none-match': 'W/"other"' })).status).toBe(200)
    const head = await fetch(url, { method: 'HEAD', headers: { 'if-none-match': etag } })
    expect(head.status).toBe(304)
    open.simulator.closeNext(1)
    await open.indexed()
    expect((await raw(url, { 'if-none-match': etag })).status).toBe(200)
  })

  test('HEAD answers like GET in every header, the length included', async () => {
    const all = [...paths.slice(0, -2), '/health', '/status', '/streams/999999', '/streams?limit=0']
    for (const path of [...all, '/v1/streams?limit=3', '/v1/streams/999999', '/nothing']) {
      for (const coding of ['identity', 'gzip']) {
        const asked = { headers: { 'accept-encoding': coding } }
        const get = await fetch(open.url + path, asked)
        const head = await fetch(open.url + path, { ...asked, method: 'HEAD' })
        await get.arrayBuffer()
        expect([path, headersOf(head)]).toEqual([path, headersOf(get)])
        expect([head.status, await head.text()]).toEqual([get.status, ''])
        expect(get.headers.get('content-length')).toMatch(/^\d+$/)
      }
    }
  })

  test('an ETag belongs to a URL and a format', async () => {
    const tags = await Promise.all(
      ['', '?limit=100', '?limit=100&format=ndjson', '?limit=100&format=csv'].map(
        async (query) => (await raw(`${open.url}/events${query}`)).headers.etag,
      ),
    )
    expect(new Set(tags).size).toBe(tags.length)
    const url = `${open.url}/events?limit=5`
    const json = (await raw(url)).headers.etag ?? ''
    const csv = await raw(url, { accept: 'text/csv', 'if-none-match': json })
    expect(csv.status).toBe(200)
  })

  test('an unknown stream stays a 404, whatever the client has', async () => {
    const { status } = await raw(`${open.url}/streams/999999`, { 'if-none-match': '*' })
    expect(status).toBe(404)
  })

  test('an ETag belongs to one subject', async () => {
    const url = `${jwt.url}/streams`
    const [one, two] = await Promise.all(
      ['a', 'b'].map(async (name) => raw(url, await token(name))),
    )
    expect(one?.body.toString()).toBe(two?.body.toString())
    expect(one?.headers.etag).not.toBe(two?.headers.etag)
  })
})

describe('caches', () => {
  test('a full page of the log may be kept for a minute, and nothing else without asking', async () => {
    const held = async (path: string) => (await raw(open.url + path)).headers['cache-control'] ?? ''
    expect(await held('/events?limit=10')).toBe('public, max-age=60')
    expect(await held('/events?limit=10&format=csv')).toBe('public, max-age=60')
    expect(await held('/events?limit=10&order=desc')).toBe('no-cache')
    expect(await held('/events?limit=1000')).toBe('no-cache')
    expect(await held('/events?format=ndjson')).toBe('no-cache')
    expect(await held('/streams/1/events?limit=1')).toBe('no-cache')
    expect(await held('/streams/1')).toBe('no-cache')
  })

  test('answers vary by format and coding, and with tokens by who asks, who alone may keep them', async () => {
    for (const path of ['/streams', '/streams/999999', '/nothing', '/events?limit=1']) {
      const shared = await raw(open.url + path)
      expect([path, shared.headers.vary]).toEqual([path, 'Accept, Accept-Encoding'])
      for (const headers of [{}, await token('a')]) {
        const answer = await raw(jwt.url + path, headers)
        expect(answer.headers.vary).toBe('Accept, Accept-Encoding, Authorization, Cookie')
        expect(answer.headers['cache-control']).toMatch(/^private\b/)
      }
    }
  })
})

describe('compression', () => {
  const decoders = { br: brotliDecompressSync, gzip: gunzipSync }
  const long = ['/events', '/events?format=csv', '/events?format=ndjson', '/openapi.json']

  test.for(long)('%s is compressed for those who accept that', async (path) => {
    const plain = await raw(open.url + path)
    expect(plain.headers['content-encoding']).toBeUndefined()
    for (const [coding, decode] of Object.entries(decoders)) {
      const { headers, body } = await raw(open.url + path, { 'accept-encoding': coding })
      expect(headers['content-encoding']).toBe(coding)
      expect(headers.etag).toBe(plain.headers.etag)
      expect(decode(body).equals(plain.body)).toBe(true)
      expect(body.length).toBeLessThan(plain.body.length / 2)
    }
  })

  test('a short answer is not compressed', async () => {
    for (const path of ['/health', '/streams?limit=1', '/nothing']) {
      const { headers, body } = await raw(open.url + path, { 'accept-encoding': 'gzip' })
      expect([path, headers['content-encoding']]).toEqual([path, undefined])
      expect(Number(headers['content-length'])).toBe(body.length)
    }
  })

  test('the feed is never compressed', async () => {
    const client = await open.open('all=true&cursor=earliest', { 'accept-encoding': 'gzip, br' })
    await client.until(isCaughtUp)
    client.socket.destroy()
    expect(client.head?.headers['content-encoding']).toBeUndefined()
    expect(client.head?.headers['cache-control']).toBe('no-cache, no-transform')
    expect(client.head?.headers['vary']).toBeUndefined()
    const head = await fetch(`${open.url}/events/subscribe?all=true`, { method: 'HEAD' })
    expect(head.headers.get('cache-control')).toBe('no-cache, no-transform')
  })
})

/** Those that belong to one answer or connection. */
const OF_ONE = ['date', 'x-request-id', 'connection', 'keep-alive']

function headersOf({ headers }: Response): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => !OF_ONE.includes(name)))
}
