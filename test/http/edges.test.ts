import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { until } from '../support/until.ts'

const MOST = 20

let lean: FeedDaemon
let http: FeedDaemon

beforeAll(async () => {
  ;[lean, http] = await Promise.all(
    ['lean', 'http'].map((FEED_LANE) =>
      startFeedDaemon({
        recording: 'first-steps',
        env: { FEED_LANE, MAX_CONNECTIONS_PER_ADDRESS: String(MOST) },
      }),
    ) as [Promise<FeedDaemon>, Promise<FeedDaemon>],
  )
  await Promise.all([lean.indexed(), http.indexed()])
})
afterAll(() => Promise.all([lean.close(), http.close()]))

interface Wire {
  socket: Socket
  received(): string
  isClosed(): boolean
}

/** A connection from a local address. */
function wire({ url }: FeedDaemon, text = '', localAddress = '127.0.0.1'): Wire {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), localAddress })
  let received = ''
  let closed = false
  socket.setEncoding('latin1').on('data', (part: string) => {
    received += part
  })
  socket
    .on('error', () => {})
    .on('close', () => {
      closed = true
    })
  onTestFinished(() => void socket.destroy())
  if (text !== '') socket.write(text)
  return { socket, received: () => received, isClosed: () => closed }
}

async function answer(daemon: FeedDaemon, text: string): Promise<string> {
  const { socket, received, isClosed } = wire(daemon, text)
  await until(() => isClosed() || /\r\n\r\n[^]*(}$|caught_up)/.test(received()))
  socket.destroy()
  return received()
}

const lanes = [
  ['lean', () => lean],
  ['http', () => http],
] as const

describe.for(lanes)('unusual requests (%s)', ([, daemon]) => {
  test.for([
    ['a feed request in absolute form', 'http://example.org/events/subscribe?all=true'],
    ['a REST request in absolute form', 'http://example.org/streams?limit=1'],
    ['a feed request with an encoded path', '/events/%73ubscribe?all=true'],
    ['a REST request with an encoded path', '/%73treams?limit=1'],
  ])('%s is answered', async ([, target]) => {
    const text = await answer(daemon(), `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
  })

  test.for([
    ['/events/subscribe?users=G…', 'users: an address is'],
    ['/events?users=G…', 'users: an address is'],
    ['/users/G…/summary', 'address: an address is'],
    ['/streams?limit=…', 'limit: a whole number'],
    ['/…', 'percent-encoded'],
  ])(
    'a URL that is not ASCII gets an error that names the mistake: %s',
    async ([target, detail]) => {
      const text = await answer(daemon(), `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)
      expect(text).toMatch(/^HTTP\/1\.1 400 /)
      expect(text).toContain('application/problem+json')
      expect(text).toContain(detail)
    },
  )

  test.for([
    ['an unsupported transfer encoding of a feed request', 'POST /events/subscribe', 'gzip', 501],
    ['a transfer encoding on top of chunks', 'GET /streams', 'gzip, chunked', 501],
    ['an unsupported transfer encoding of a REST request', 'POST /streams', 'identity', 501],
  ] as const)('%s is refused', async ([, line, coding, status]) => {
    const text = await answer(
      daemon(),
      `${line} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: ${coding}\r\n\r\nabc`,
    )
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(text).toContain('only chunked')
  })

  test.for(['/health', '/events/subscribe?all=true'])(
    'a malformed Host is refused: %s',
    async (target) => {
      const text = await answer(daemon(), `GET ${target} HTTP/1.1\r\nHost: a b\r\n\r\n`)
      expect(text).toMatch(/^HTTP\/1\.1 400 /)
      expect(text).toContain('application/problem+json')
      expect(text).toContain('Host header')
    },
  )

  test('CONNECT is refused: this server is not a proxy', async () => {
    const text = await answer(daemon(), 'CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(text).toMatch(/^HTTP\/1\.1 405 /)
    expect(text).toContain('CONNECT is not supported here')
  })

  test.for([
    ['POST /streams', 'content-length: 104857600', 405],
    ['PUT /events', 'transfer-encoding: chunked', 405],
    ['GET /streams', 'content-length: 104857600', 400],
  ] as const)(
    'P8: %s with a body is answered before the body, which is not read',
    async (parts) => {
      const [line, header, status] = parts
      const { socket, received, isClosed } = wire(
        daemon(),
        `${line} HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n`,
      )
      await until(() => received().endsWith('}'))
      expect(received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      expect(received().toLowerCase()).toContain('connection: close')
      // The connection ends soon, however much more is sent.
      const pieces = setInterval(() => {
        if (socket.writable) socket.write('5\r\nabcde\r\n')
      }, 10)
      onTestFinished(() => clearInterval(pieces))
      await until(isClosed)
    },
  )

  test('scripts of other origins can send any header and read our headers', async () => {
    const preflight = await fetch(`${daemon().url}/streams`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'x-request-id,x-own',
      },
    })
    const allowed = preflight.headers.get('access-control-allow-headers')
    expect(allowed).toContain('x-own')
    expect(allowed).toContain('x-request-id')
    for (const path of ['/streams', '/events/subscribe']) {
      const { headers } = await fetch(`${daemon().url}${path}`)
      const exposed = headers.get('access-control-expose-headers')
      for (const name of ['Retry-After', 'ETag', 'RateLimit', 'X-Request-Id']) {
        expect(exposed, path).toContain(name)
      }
    }
  })
})

describe.for(lanes)('connections that wait for a request (%s)', ([, daemon]) => {
  test('P8: silent connections of one address are limited, and requests are still served', async () => {
    const silent = Array.from({ length: 5 * MOST }, () => wire(daemon(), '', '127.0.0.2'))
    await until(() => silent.filter(({ isClosed }) => isClosed()).length >= 4 * MOST)
    // Other addresses are served, and so is this one, if it sends a request.
    const request = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n'
    for (const address of ['127.0.0.3', '127.0.0.2']) {
      let asking = wire(daemon(), request, address)
      await until(() => {
        // A connection whose request arrives late counts as another silent one.
        if (asking.isClosed() && asking.received() === '') asking = wire(daemon(), request, address)
        return asking.received().includes('"ok"')
      })
    }
  })

  test('P8: connections with half a request or a slow body count, and get a 429', async () => {
    const halves = [
      'GET /streams HTTP/1.1\r\nHost: x\r\nX-Slow:',
      'POST /events/subscribe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{',
    ]
    let next = 0
    const open = () => wire(daemon(), halves[next++ % 2], '127.0.0.4')
    const slow = Array.from({ length: 2 * MOST }, open)
    const refused = () =>
      slow.filter(({ isClosed, received }) => isClosed() && received().startsWith('HTTP/1.1 429 '))
    await until(() => {
      // On a busy machine some are closed for another reason: their bytes were late, or they timed out.
      const others = slow.filter(({ isClosed }) => isClosed()).length - refused().length
      while (slow.length < 2 * MOST + others) slow.push(open())
      return refused().length >= MOST
    })
    for (const { received } of refused()) {
      expect(received().toLowerCase()).toContain('retry-after: 1')
      expect(received()).toContain('wait for a request')
    }
  })

  test('the limit does not apply to connections that subscribe', async () => {
    const head = 'GET /events/subscribe?all=true HTTP/1.1\r\nHost: x\r\n\r\n'
    const subscribers = Array.from({ length: 5 * MOST }, () => wire(daemon(), head, '127.0.0.5'))
    await until(() => subscribers.every(({ received }) => received().includes('caught_up')))
  })

  test('P8: beyond the limit a request is answered, but its connection is not kept alive', async () => {
    const request = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n'
    const asking: ReturnType<typeof wire>[] = []
    // One after the other: connections whose request arrives late would count as waiting.
    for (let count = 0; count < 3 * MOST; count += 1) {
      let each = wire(daemon(), request, '127.0.0.6')
      await until(() => {
        if (each.isClosed() && each.received() === '') each = wire(daemon(), request, '127.0.0.6')
        return each.received().includes('"ok"')
      })
      asking.push(each)
    }
    await until(() => asking.filter(({ isClosed }) => !isClosed()).length <= MOST)
    const kept = asking.find(({ isClosed }) => !isClosed())
    kept?.socket.write(request)
    // On a busy machine it may be closed by now because it was idle for too long.
    await until(() => kept?.isClosed() !== false || kept.received().match(/"ok"/g)?.length === 2)
  })
})
