import { connect } from 'node:net'
import { fc, test as property } from '@fast-check/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTokens } from '../../src/auth/tokens.ts'
import { parseLaneRequest } from '../../src/http/server/lane-request.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { SECRET } from '../support/tokens.ts'

interface Pair {
  lean: FeedDaemon
  http: FeedDaemon
}

let open: Pair
let jwt: Pair

beforeAll(async () => {
  ;[open, jwt] = await Promise.all([
    startPair({}),
    startPair({ AUTH: 'jwt', JWT_SECRET: SECRET, TRUST_PROXY: '127.0.0.0/8' }),
  ])
})
afterAll(() => Promise.all([open, jwt].flatMap(({ lean, http }) => [lean.close(), http.close()])))

async function startPair(env: Record<string, string>): Promise<Pair> {
  const start = async (FEED_LANE: string) => {
    const daemon = await startFeedDaemon({ recording: 'first-steps', env: { ...env, FEED_LANE } })
    await daemon.indexed()
    return daemon
  }
  const [lean, http] = await Promise.all([start('lean'), start('http')])
  return { lean, http }
}

const GOOD = await createTokens({ secrets: [SECRET] }).issue('somebody', 3_600)

const PLAIN = 'GET /events/subscribe?all=true HTTP/1.1\r\nHost: localhost\r\n'
const EVENT_ID = '0012884906182971392-0000000001'

/** The answer without what is different each time. */
function comparable(text: string): string {
  return text
    .replace(/^Date: .*$/gim, 'Date')
    .replace(/^X-Request-Id: .*$/gim, 'X-Request-Id')
    .replace(/"(clientId|requestId)":"[^"]*"/g, '$1')
    .replace(/retry: \d+/g, 'retry')
    .replace(/in \d+ s/g, 'in some s')
}

/** Sends the pieces one after the other; resolves with the first answer, head and body. */
async function answer(daemon: FeedDaemon, pieces: readonly string[]): Promise<string> {
  const { hostname: host, port } = new URL(daemon.url)
  const socket = connect({ host, port: Number(port), noDelay: true })
  let raw = ''
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.setEncoding('latin1').on('data', (text: string) => {
    raw += text
    if (firstAnswer(raw) !== undefined) resolve()
  })
  socket.on('error', () => {}).on('close', () => resolve())
  for (const piece of pieces) {
    await new Promise((written) => {
      socket.write(piece, 'latin1', written)
    })
  }
  await promise
  socket.destroy()
  return comparable(firstAnswer(raw) ?? raw)
}

/** The first answer, once it is complete: to its end, or until a feed has caught up. */
function firstAnswer(raw: string): string | undefined {
  const end = raw.indexOf('\r\n\r\n') + 4
  if (end < 4) return undefined
  const head = raw.slice(0, end).toLowerCase()
  const length = /content-length: (\d+)/.exec(head)?.[1]
  if (length !== undefined) {
    const whole = end + Number(length)
    return raw.length < whole ? undefined : raw.slice(0, whole)
  }
  if (!head.includes('transfer-encoding')) return raw.slice(0, end)
  return /^[^]*?(\r\n0\r\n\r\n|caught_up\n[^]*?\n\n)/.exec(raw)?.[0]
}

/** Both answers. */
function answers({ lean, http }: Pair, pieces: readonly string[]): Promise<[string, string]> {
  return Promise.all([answer(lean, pieces), answer(http, pieces)])
}

const weighted = <T>(usual: T, ...unusual: T[]) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...unusual) },
  )

const requestLine = fc
  .tuple(
    // No HEAD: its answer states a length and has no body, so this test would wait for one.
    weighted('GET', 'get', 'PUT', 'OPTIONS', 'G', 'QUERY'),
    weighted(' ', '  ', '\t'),
    weighted(
      '/events/subscribe?all=true&cursor=earliest',
      '/events/subscribe?all=true',
      `/events/subscribe?all=true&token=${GOOD.token}`,
      '/events/subscribe?all=true&access_token=abc',
      '/events/subscribe?all=true&ticket=abc',
      '/events/subscribe',
      '/events/subscribe?',
      '/events/subscribe?all=true#x',
      '/events/subscribe?all=tr%75e',
      '/events/subscribe?all=%zz',
      '/events/subscribe?all=true&streams=1',
      '/events/subscribe?streams=1,2&streams=3&types=stream.created&cursor=earliest',
      '/events/subscribe?all=true&x=|',
      '/events/subscribe?all=true&x="',
      '/events/subscribe?all=true&\xe9=1',
      '/events/subscribe?all=true&cursor=a b',
      '/v1/events/subscribe?all=true&cursor=earliest',
      '/api/v1/events/subscribe?streams=1&x=1',
      `/api/v1/v1/events/subscribe?token=${GOOD.token}`,
      '/v1/events/subscribe?streams=x',
      '/v1/events/subscribe',
      '/v2/events/subscribe',
      '/events/subscribe/',
      '/events//subscribe?all=true',
      '//events/subscribe?all=true',
      '/health',
      'http://localhost/events/subscribe?all=true',
      '*',
    ),
    weighted(' HTTP/1.1', ' HTTP/1.0', ' HTTP/1.2', ' HTTP/2.0', ' http/1.1', '', ' HTTP/1.1 '),
  )
  .map((parts) => parts.join(''))

const header = fc.oneof(
  fc.constantFrom(
    'Accept: text/event-stream',
    'Cookie: a=b; c="d"',
    'X-Empty:',
    'X-Tabs:\ta\tb\t',
    `Last-Event-ID: ${EVENT_ID}`,
    `last-event-id:${EVENT_ID}   `,
    'Last-Event-ID:',
    'Connection: keep-alive',
    'Connection: close',
    'X-Forwarded-For: 203.0.113.9, 10.0.0.1',
  ),
  fc.constantFrom(
    `Authorization: Bearer ${GOOD.token}`,
    'Authorization: Bearer abc',
    'Authorization: Basic abc',
    `Cookie: flowfi_token=${GOOD.token}`,
  ),
  fc.constantFrom(
    'Host: again',
    'Last-Event-ID: tomorrow',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Connection: keep-alive, x',
    'Content-Length: 0',
    'Content-Length: 5',
    'Content-Length: 5, 6',
    'Content-Length: -1',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: identity',
    'Expect: 100-continue',
    'X-Space : 1',
    ' folded: 1',
    'no colon at all',
    ': no name',
    'X-Bell: \x07',
    'X-Nul: \x00',
    'X-Delete: \x7f',
    'X-High: \xff',
    'X-N\xe4me: 1',
    'X-CR: a\rb',
    'X-LF: a\nb',
    `X-Long: ${'a'.repeat(9_000)}`,
    `X-Longer: ${'a'.repeat(20_000)}`,
  ),
)

const request = fc.record({
  line: requestLine,
  host: weighted(
    ['Host: localhost'],
    [],
    ['Host:'],
    ['Host: a', 'Host: b'],
    ['Host: a b'],
    ['Host: A:80'],
    ['Host: a@b'],
    ['Host: [::1]:3001'],
    ['Host: 1.2.3.4.5:99999'],
  ),
  headers: fc.array(header, { maxLength: 4 }),
  newline: weighted('\r\n', '\n', '\r\r\n'),
  rest: weighted('', 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n', '\r\n'),
  cuts: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.nat(300), { maxLength: 3 }) },
  ),
})

function piecesOf({ line, host, headers, newline, rest, cuts }: RequestParts): string[] {
  const text = [line, ...host, ...headers, '', ''].join(newline) + rest
  // This ends the request, whatever the line ends made of it.
  const whole = newline === '\r\n' ? text : `${text}\r\n\r\n`
  // The answer to a URL that is not ASCII depends on how much of it came in one piece.
  const edges = [0, ...(line.includes('\xe9') ? [] : cuts).toSorted((a, b) => a - b), whole.length]
  return edges.slice(1).map((edge, at) => whole.slice(edges[at], edge))
}

type RequestParts = typeof request extends fc.Arbitrary<infer T> ? T : never

describe('the lean lane', () => {
  property.prop([request, fc.boolean()], { numRuns: 200 })(
    'the lean lane answers every request exactly as the HTTP server does, with and without tokens',
    async (parts, isOpen) => {
      // The bytes after the request would be a broken body: then it is chance how far an answer gets.
      fc.pre(parts.rest === '' || !parts.headers.some((each) => /^(Content-L|Tr)/.test(each)))
      const [fromLean, fromHttp] = await answers(isOpen ? open : jwt, piecesOf(parts))
      expect(fromLean).toBe(fromHttp)
    },
  )

  test('the lean lane answers a request that comes byte by byte as the HTTP server does', async () => {
    const pieces = `${PLAIN}\r\n`.split('')
    const [fromLean, fromHttp] = await answers(open, pieces)
    expect(fromLean).toBe(fromHttp)
    expect(fromLean).toContain('caught_up')
  })

  test.for([
    ['nothing but a Host', ''],
    ['what browsers send', 'Accept: text/event-stream\r\nAccept-Language: de,en;q=0.5\r\n'],
    ['a Last-Event-ID', `Last-Event-ID: ${EVENT_ID}\r\n`],
    ['the headers of a proxy', 'X-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n'],
  ])('the lean lane takes a plain request with %s', ([, headers]) => {
    expect(parseLaneRequest(Buffer.from(`${PLAIN}${headers}\r\n`))).toBeDefined()
  })

  test.for(['/v1', '/api/v1', '/v1/v1', '/api/v1/v1'])(
    'the lean lane takes the feed of FlowFi under %s, and answers as the HTTP server does',
    async (prefix) => {
      const text = `${PLAIN.replace('/events', `${prefix}/events`)}\r\n`
      expect(parseLaneRequest(Buffer.from(text))?.path).toBe('/v1/events/subscribe')
      const [fromLean, fromHttp] = await answers(open, [text])
      expect(fromLean).toBe(fromHttp)
      expect(fromLean).toContain('caught_up')
    },
  )

  test.for([
    ['is incomplete', PLAIN],
    ['is followed by more bytes', `${PLAIN}\r\nGET`],
    ['has a body', `${PLAIN}Content-Length: 2\r\n\r\n`],
    ['has a Host that is not a host', `${PLAIN.replace('localhost', 'a b')}\r\n`],
    ['has no Host', 'GET /events/subscribe?all=true HTTP/1.1\r\n\r\n'],
    ['has two Host headers', `${PLAIN}Host: other\r\n\r\n`],
    ['is for another route', 'GET /events HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['begins like the feed', 'GET /events/subscribers HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['has a folded header', `${PLAIN}X-A: 1\r\n 2\r\n\r\n`],
    ['has a header without a name', `${PLAIN}: 1\r\n\r\n`],
    ['is unusually large', `${PLAIN}X-A: ${'a'.repeat(9_000)}\r\n\r\n`],
  ] as const)('the lean lane leaves a request to the HTTP server that %s', ([, text]) => {
    expect(parseLaneRequest(Buffer.from(text))).toBeUndefined()
  })
})
