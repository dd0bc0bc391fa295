import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { brotliDecompressSync } from 'node:zlib'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { PUBLIC } from '../../src/auth/identity.ts'
import { createPlaceCount, createRemotePlaces } from '../../src/daemon/remote-places.ts'
import type { Places } from '../../src/domain/places.ts'
import { createSlices } from '../../src/domain/slices.ts'
import type { ClientEnv } from '../../src/http/client.ts'
import { createExports } from '../../src/http/formats/export.ts'
import type { Page } from '../../src/http/formats/export.ts'
import { compressBodies } from '../../src/http/middleware/compress.ts'
import { send } from '../../src/http/server/send.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { until } from '../support/until.ts'

const PAGE_BYTES = 64_000
/** What the kernel may take for a client that does not read, at most. */
const KERNEL_BYTES = 64_000_000

interface Setup {
  pages?: number
  stallTimeoutMs?: number
  /** The page that cannot be read. */
  fails?: number
  /** Unix milliseconds. */
  expiresAt?: number
  places?: Places
}

/** A server with an export of so many pages, which hardly can be compressed. */
async function serve({
  pages = Infinity,
  stallTimeoutMs = PATIENCE_MS,
  fails = Infinity,
  expiresAt,
  places,
}: Setup = {}) {
  const exports = createExports({ slices: createSlices(), stallTimeoutMs, places })
  const reads = { begun: 0, ended: 0, open: exports.count }
  const errors: unknown[] = []
  const sent: string[] = []
  const answers: ServerResponse[] = []
  function* page(after = '0'): Generator<void, Page> {
    reads.begun += 1
    try {
      yield
      const number = Number(after)
      if (number === fails) throw new Error('the database is gone')
      const next = number + 1 < pages ? String(number + 1) : undefined
      const text = `${randomBytes(PAGE_BYTES / 2).toString('hex')}\n`
      if (pages !== Infinity) sent.push(text)
      return { text, next }
    } finally {
      reads.ended += 1
    }
  }
  const app = new Hono<ClientEnv>().use(compressBodies)
  app.use(async (c, next) => {
    c.set('identity', { ...PUBLIC, expiresAt })
    await next()
  })
  app.get('/', (c) =>
    exports.open(c, { headers: { 'content-type': 'application/x-ndjson' }, head: '', page }),
  )
  const listener: RequestListener = async (incoming, outgoing) => {
    answers.push(outgoing)
    const client = {
      holder: { address: 'a', user: undefined },
      requestId: '',
      exchange: outgoing,
      wire: { incoming, outgoing, isTaken: false },
    }
    const headers = incoming.headers as Record<string, string>
    const request = new Request('http://localhost/', { headers })
    await send(await app.fetch(request, client), outgoing).catch((error) => errors.push(error))
  }
  const server = createServer({ highWaterMark: 16_384 }, listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { port, url: `http://127.0.0.1:${port}/`, reads, errors, sent, answers }
}

/** The answer, of which nothing has been read. */
async function open(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const request = get(url, { headers, agent: false })
  request.on('error', () => {})
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.on('error', () => {}).pause()
  onTestFinished(() => void response.destroy())
  return response
}

/** Settles when pages are no longer read: the reader waits for the client, or is gone. */
async function settled(reads: { begun: number }): Promise<void> {
  let last = -1
  let same = 0
  await until(() => {
    same = reads.begun === last ? same + 1 : 0
    last = reads.begun
    return same > 20
  })
}

/** What a client sees of a connection that ends before the answer does. */
const BROKEN = /aborted|hang up|ECONNRESET/
const CODINGS = ['identity', 'gzip', 'br'] as const

test.for(CODINGS)(
  'P8: an export waits for a client that does not read, and ends when it leaves (%s)',
  async (coding) => {
    const { url, reads, answers } = await serve()
    const response = await open(url, { 'accept-encoding': coding })
    await settled(reads)
    expect(reads.begun).toBeLessThan(KERNEL_BYTES / PAGE_BYTES)
    expect(answers[0]?.writableLength).toBeLessThan(2 * PAGE_BYTES)
    expect(reads.open()).toBe(1)
    response.destroy()
    await until(() => reads.open() === 0 && reads.ended === reads.begun)
    const { begun } = reads
    await settled(reads)
    expect(reads.begun).toBe(begun)
  },
)

test.for(['identity', 'br'] as const)(
  'a client that reads late gets everything (%s)',
  async (coding) => {
    const { url, reads, sent } = await serve({ pages: 100 })
    const response = await open(url, { 'accept-encoding': coding })
    await settled(reads)
    const body = Buffer.concat(await response.toArray())
    const decoded = coding === 'br' ? brotliDecompressSync(body) : body
    expect(decoded.equals(Buffer.from(sent.join('')))).toBe(true)
    expect(sent.length).toBe(100)
  },
)

test('P8: a client that has stopped reading is disconnected after the stall time-out', async () => {
  const { url, reads } = await serve({ stallTimeoutMs: 100 })
  const response = await open(url)
  await until(() => reads.open() === 0 && reads.ended === reads.begun)
  await expect(response.toArray()).rejects.toThrow(BROKEN)
})

test('an export that cannot be read to its end is cut off, and never looks complete', async () => {
  const { url, reads, errors } = await serve({ fails: 2 })
  await expect(open(url).then((response) => response.toArray())).rejects.toThrow(BROKEN)
  await until(() => reads.open() === 0)
  expect(errors.map(String)).toEqual(['Error: the database is gone'])
})

test('P8: an address has a limit of exports that are under way', async () => {
  const { url, reads } = await serve()
  const most = await Promise.all(Array.from({ length: 16 }, () => open(url)))
  expect(most.map(({ statusCode }) => statusCode)).toEqual(most.map(() => 200))
  const refused = await open(url)
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '5'])
  most[0]?.destroy()
  await until(() => reads.open() === 15)
  expect((await open(url)).statusCode).toBe(200)
})

test('P8: an address has a limit of exports over all processes, and one that has died holds none', async () => {
  const count = createPlaceCount<string>()
  const placesOf = (owner: string): Places => {
    const remote = createRemotePlaces({
      take: (id, wanted) => remote.answer(id, count.take(owner, id, wanted)),
      release: (id) => count.release(owner, id),
    })
    return remote
  }
  const [one, other] = [
    await serve({ places: placesOf('one') }),
    await serve({ places: placesOf('other') }),
  ]
  const first = await Promise.all(Array.from({ length: 10 }, () => open(one.url)))
  const second = await Promise.all(Array.from({ length: 6 }, () => open(other.url)))
  const all = [...first, ...second].map(({ statusCode }) => statusCode)
  expect(all).toEqual(all.map(() => 200))
  const refused = await open(other.url)
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '5'])
  first[0]?.destroy()
  await until(() => one.reads.open() === 9)
  expect((await open(other.url)).statusCode).toBe(200)
  expect((await open(one.url)).statusCode).toBe(429)
  count.forget('other')
  expect((await open(one.url)).statusCode).toBe(200)
})

test('an export under way is cut off when its token expires, also while its client does not read', async () => {
  const { url, reads, errors } = await serve({ expiresAt: Date.now() + 200 })
  const read = async () => {
    const response = await open(url)
    await until(() => reads.open() === 0)
    return response.toArray()
  }
  await expect(read()).rejects.toThrow(BROKEN)
  expect(errors).toEqual([])
})

test('a client of HTTP/1.0 gets an export without chunks', async () => {
  const { port, sent } = await serve({ pages: 3 })
  const socket = connect(port, '127.0.0.1')
  socket.write('GET / HTTP/1.0\r\n\r\n')
  const [head = '', body] = Buffer.concat(await socket.toArray())
    .toString()
    .split('\r\n\r\n')
  expect(head.toLowerCase()).not.toContain('transfer-encoding')
  expect(body).toBe(sent.join(''))
})
