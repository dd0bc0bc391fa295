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

/** A bare connection from an address of this host. */
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

describe.for(lanes)('requests as they come from the wild (%s)', ([, daemon]) => {
  test.for([
    ['in absolute form', 'http://example.org/events/subscribe?all=true'],
    ['in absolute form, for the state', 'http://example.org/streams?limit=1'],
    ['with an encoded path', '/events/%73ubscribe?all=true'],
    ['with an encoded path, for the state', '/%73treams?limit=1'],
  ])('are answered %s', async ([, target]) => {
    const text = await answer(daemon(), `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
  })

  test.for([
    ['/events/subscribe?users=G…', 'users: an address is'],
    ['/events?users=G…', 'users: an address is'],
    ['/users/G…/summary', 'address: an address is'],
    ['/streams?limit=…', 'limit: a whole number'],
    ['/…', 'percent-encoded'],
  ])('are told what is wrong with %s', async ([target, detail]) => {
    const text = await answer(daemon(), `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)
    expect(text).toMatch(/^HTTP\/1\.1 400 /)
    expect(text).toContain('application/problem+json')
    expect(text).toContain(detail)
  })

  test.for([
    ['a transfer encoding that we do not speak', 'POST /events/subscribe', 'gzip', 501],
    ['one on top of chunks', 'GET /streams', 'gzip, chunked', 501],
    ['one elsewhere', 'POST /streams', 'identity', 501],
  ] as const)('are told of %s', async ([, line, coding, status]) => {
    const text = await answer(
      daemon(),
      `${line} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: ${coding}\r\n\r\nabc`,
    )
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(text).toContain('only chunked')
  })

  test('are told that there is no tunnel here', async () => {
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
      // However much is sent on, the connection ends soon.
      const pieces = setInterval(() => {
        if (socket.writable) socket.write('5\r\nabcde\r\n')
      }, 10)
      onTestFinished(() => clearInterval(pieces))
      await until(isClosed)
    },
  )

  test('allow a page any header that it asks for, and to read ours', async () => {
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
  test('P8: so many silent ones of one address stay, and shut nobody out', async () => {
    const silent = Array.from({ length: 5 * MOST }, () => wire(daemon(), '', '127.0.0.2'))
    await until(() => silent.filter(({ isClosed }) => isClosed()).length >= 4 * MOST)
    // Others are served, and so is the address itself, when it says what it wants.
    const request = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n'
    for (const address of ['127.0.0.3', '127.0.0.2']) {
      let asking = wire(daemon(), request, address)
      await until(() => {
        // One whose request is slow to arrive is taken for another silent one.
        if (asking.isClosed() && asking.received() === '') asking = wire(daemon(), request, address)
        return asking.received().includes('"ok"')
      })
    }
  })

  test('P8: those with half a request, or a slow body, count, and are told', async () => {
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
      // On a busy machine some are closed for another reason: their bytes came late, or their time is up.
      const others = slow.filter(({ isClosed }) => isClosed()).length - refused().length
      while (slow.length < 2 * MOST + others) slow.push(open())
      return refused().length >= MOST
    })
    for (const { received } of refused()) {
      expect(received().toLowerCase()).toContain('retry-after: 1')
      expect(received()).toContain('wait for a request')
    }
  })

  test('as many as want may subscribe at once', async () => {
    const head = 'GET /events/subscribe?all=true HTTP/1.1\r\nHost: x\r\n\r\n'
    const subscribers = Array.from({ length: 5 * MOST }, () => wire(daemon(), head, '127.0.0.5'))
    await until(() => subscribers.every(({ received }) => received().includes('caught_up')))
  })

  test('beyond the limit a connection is answered, but not kept', async () => {
    const request = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n'
    const asking: ReturnType<typeof wire>[] = []
    // One after the other: those whose request is slow to arrive would be among those that wait.
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
    // On a busy machine it may have been idle for too long by now.
    await until(() => kept?.isClosed() !== false || kept.received().match(/"ok"/g)?.length === 2)
  })
})
