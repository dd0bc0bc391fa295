import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/config.ts'
import { openSetup } from '../support/daemon.ts'
import type { Setup } from '../support/daemon.ts'
import { openClient, subscribeRequest } from '../support/feed/client.ts'
import { loadRecording } from '../support/recordings.ts'
import { ADMIN_TOKEN } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const LISTED = 'https://app.example'
const OTHER = 'https://evil.example'
const FEED = '/events/subscribe?all=true'

let setup: Setup
let url: string
const lines: Record<string, unknown>[] = []

beforeAll(async () => {
  const stream = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(JSON.parse(line.toString()) as Record<string, unknown>)
      done()
    },
  })
  setup = await openSetup(await loadRecording('first-steps'), {
    env: { CORS_ORIGINS: `${LISTED}, null`, TRUST_PROXY: '127.0.0.1', ADMIN_TOKEN },
    logger: pino({ level: 'debug' }, stream),
  })
  url = setup.daemon.url
})
afterAll(() => setup.close())

type Given = Record<string, string>

/** The head of any answer; a subscription is closed once its head is there. */
async function headOf(method: string, path: string, headers: Given = {}) {
  const leaving = new AbortController()
  const response = await fetch(`${url}${path}`, { method, headers, signal: leaving.signal })
  if (response.headers.get('content-type') !== 'text/event-stream') await response.text()
  leaving.abort()
  return response
}

/** The same through the lean lane, which takes no request of fetch. */
async function leanHead(headers: Given = {}) {
  const client = await openClient(url, subscribeRequest(`${url}${FEED}`, headers))
  await client.until(({ head }) => head !== undefined)
  client.socket.destroy()
  return { status: client.head!.status, headers: new Headers(client.head!.headers) }
}

const answers: [string, (headers?: Given) => Promise<Pick<Response, 'status' | 'headers'>>][] = [
  ['a snapshot', (headers) => headOf('GET', '/streams', headers)],
  ['HEAD', (headers) => headOf('HEAD', '/streams', headers)],
  ['a refused parameter', (headers) => headOf('GET', '/streams?limit=0', headers)],
  ['an unknown path', (headers) => headOf('GET', '/nothing', headers)],
  ['an unknown method', (headers) => headOf('PUT', '/streams', headers)],
  ['a page', (headers) => headOf('GET', '/docs', headers)],
  ['metrics', (headers) => headOf('GET', '/metrics', headers)],
  ['the feed, lean', leanHead],
  ['the feed, http', (headers) => headOf('QUERY', FEED, { ...JSON_BODY, ...headers })],
  ['a refused subscription', (headers) => headOf('GET', '/events/subscribe', headers)],
]
const JSON_BODY = { 'content-type': 'application/x-www-form-urlencoded' }

describe.for(answers)('%s', ([, ask]) => {
  test('says how browsers should treat it, and names its request', async () => {
    const { headers } = await ask()
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    const id = headers.get('x-request-id')
    expect(id).toMatch(/^[\w-]{36}$/)
    expect((await ask()).headers.get('x-request-id')).not.toBe(id)
  })

  test('is for scripts of listed origins, with credentials, and for no others', async () => {
    const listed = await ask({ origin: LISTED })
    expect(listed.headers.get('access-control-allow-origin')).toBe(LISTED)
    expect(listed.headers.get('access-control-allow-credentials')).toBe('true')
    expect(listed.headers.get('access-control-expose-headers')).toContain('X-Request-Id')
    expect(listed.headers.get('vary')).toContain('Origin')
    const other = await ask({ origin: OTHER })
    expect(other.status).toBe(403)
    expect(other.headers.get('access-control-allow-origin')).toBeNull()
    expect(other.headers.get('vary')).toContain('Origin')
    // No script sent these, or one of our own pages.
    for (const origin of [undefined, url, url.replace('http:', 'https:')]) {
      const answer = await ask(origin === undefined ? {} : { origin })
      expect(answer.status).not.toBe(403)
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
      expect(answer.headers.get('vary')).toContain('Origin')
    }
  })
})

test('a preflight is answered for listed origins and refused for others', async () => {
  const asked = { 'access-control-request-method': 'DELETE' }
  const preflight = await headOf('OPTIONS', '/streams', { ...asked, origin: LISTED })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-methods')).toContain('DELETE')
  expect(preflight.headers.get('access-control-allow-credentials')).toBe('true')
  expect((await headOf('OPTIONS', '/streams', { ...asked, origin: OTHER })).status).toBe(403)
})

test('null is an origin like others: it is allowed only where it is listed', async () => {
  const { headers } = await headOf('GET', '/health', { origin: 'null' })
  expect(headers.get('access-control-allow-origin')).toBe('null')
})

test.for(['/auth', '/.well-known/stellar.toml'])(
  'wallets of any origin may read %s',
  async (path) => {
    const { status, headers } = await headOf('GET', path, { origin: OTHER })
    expect(status).not.toBe(403)
    expect(headers.get('access-control-allow-origin')).toBe('*')
  },
)

test('a trusted proxy names the request, in the answer and in the log', async () => {
  for (const ask of [leanHead, (given: Given) => headOf('GET', '/streams', given)]) {
    const id = `from-the-proxy-${lines.length}`
    const { headers } = await ask({ 'x-request-id': id })
    expect(headers.get('x-request-id')).toBe(id)
    await until(() => lines.some(({ requestId }) => requestId === id))
  }
})

test.for(['a b', 'x'.repeat(129), '{}'])(
  'a request is not named by what does not belong into a log: %s',
  async (id) => {
    for (const ask of [leanHead, (given: Given) => headOf('GET', '/streams', given)]) {
      expect((await ask({ 'x-request-id': id })).headers.get('x-request-id')).toMatch(/^[\w-]{36}$/)
    }
  },
)

test.for([
  ['GET', '/streams'],
  ['GET', '/admin/subscriptions'],
  ['POST', '/admin/subscriptions'],
  ['GET', '/admin/nothing'],
] as const)('no query is logged, because it may hold a token: %s %s', async ([method, path]) => {
  const authorization = `Bearer ${ADMIN_TOKEN}`
  const { headers } = await headOf(method, `${path}?token=secret`, { authorization })
  const id = headers.get('x-request-id')
  await until(() =>
    lines.some(({ requestId, msg }) => requestId === id && msg === 'request answered'),
  )
  expect(JSON.stringify(lines)).not.toContain('secret')
})

test.for(['', 'app.example', 'https://app.example/path', '*,https://app.example', 'ftp://x'])(
  'CORS_ORIGINS=%s: a list that cannot work is refused at the start, an empty one is *',
  (text) => {
    const parse = () => parseConfig({ CORS_ORIGINS: text })
    if (text === '') expect(parse().corsOrigins).toEqual(['*'])
    else expect(parse).toThrow('CORS_ORIGINS')
  },
)
