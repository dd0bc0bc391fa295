import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EVENT_TYPES } from '../../src/domain/event.ts'
import { getJson, indexed, openSetup } from '../support/daemon.ts'
import type { Setup } from '../support/daemon.ts'
import { subscribe } from '../support/feed/client.ts'
import { finalStreams, lastLedger, recordedIds } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'

const recording = await loadRecording('first-steps')
const { contractId } = recording.header
const account = String(finalStreams(recording).get('1')!['sender'])
const SOME_ID = recordedIds(recording)[3]!

let setup: Setup
/** A daemon that has indexed the recording. */
let url: string
beforeAll(async () => {
  setup = await openSetup(recording)
  url = setup.daemon.url
  await indexed(url, lastLedger(recording))
})
afterAll(() => setup.close())

interface Answered {
  status: number
  type: string | undefined
  body: string
}

/** Requests exactly this path: `fetch` would normalise it. */
async function ask(
  url: string,
  path: string,
  headers: Record<string, string | string[]> = {},
): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>()
  const asking = request(new URL(url), { path, headers: { connection: 'close', ...headers } })
  asking.once('error', reject)
  asking.once('response', (response) => {
    const { statusCode: status = 0, headers: answered } = response
    const type = answered['content-type']
    // A subscription does not end by itself.
    if (type === 'text/event-stream') {
      response.destroy()
      return resolve({ status, type, body: '' })
    }
    text(response).then((body) => resolve({ status, type, body }), reject)
  })
  asking.end()
  return promise
}

const show = (path: string) => (path.length > 150 ? `${path.slice(0, 150)}…` : path)

/** The answer is a 400 that names these parameters and no others. */
function expectRefused({ status, type, body }: Answered, asked: string, parameters: string[]) {
  expect([asked, status, type]).toEqual([asked, 400, 'application/problem+json'])
  const { detail, errors, ...rest } = JSON.parse(body) as {
    detail: string
    errors: { parameter: string; detail: string }[]
  }
  expect(rest).toEqual({ type: 'about:blank', title: 'Bad Request', status: 400 })
  expect([asked, [...new Set(errors.map(({ parameter }) => parameter))].toSorted()]).toEqual([
    asked,
    parameters.toSorted(),
  ])
  for (const error of errors) {
    expect(detail).toContain(`${error.parameter}: ${error.detail}`)
    // The words of the validator mean nothing to a caller.
    expect(error.detail).not.toMatch(/invalid input|expected|received|nan|undefined|too_/i)
  }
}

const HUGE = 'a'.repeat(10_240)
const INHERITED = ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty']
const ODD = ['', ' ', '%', '%zz', '%ff', '%00', '%0a', 'null', '{}', '[]', '🙂', HUGE, ...INHERITED]

const numbersBut = (low: number, high: number) => [
  String(low - 1),
  String(high + 1),
  '-1',
  '+1',
  '1e3',
  '1.0',
  '01',
  '0x10',
  '1_0',
  ' 1',
  '1 ',
  '1,2',
  '٣',
  '１',
  'NaN',
  'Infinity',
  '99999999999999999999',
  '9'.repeat(10_240),
  ...ODD,
]

const STREAM_IDS = [
  '-1',
  '+1',
  '01',
  '00',
  '1.0',
  '1e3',
  '0x1',
  ' 1',
  '1 ',
  '1;2',
  '18446744073709551616',
  '99999999999999999999999999',
  '9'.repeat(10_240),
  '٣',
  '１',
  ...ODD,
]

const ADDRESSES = [
  `${account.slice(0, -1)}${account.endsWith('A') ? 'B' : 'A'}`,
  `${contractId.slice(0, -1)}${contractId.endsWith('A') ? 'B' : 'A'}`,
  account.toLowerCase(),
  account.slice(0, -1),
  `${account}A`,
  ` ${account}`,
  `S${account.slice(1)}`,
  `M${account.slice(1)}`,
  // A muxed account and a secret seed, both with valid checksums, cannot be parties of a stream.
  'MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVAAAAAAAAAAAAAJLK',
  'SBGWKM3CD4IL47QN6X54N6Y33T3JDNVI6AIJ6CD5IM47HG3IG4O36XCU',
  '1',
  ...ODD,
]

const POSITIONS = [
  'now',
  'earliest',
  '1',
  '-',
  SOME_ID.slice(1),
  `0${SOME_ID}`,
  `${SOME_ID}0`,
  SOME_ID.replace('-', ''),
  SOME_ID.replace('-', '_'),
  SOME_ID.replace('0', '٠'),
  ` ${SOME_ID}`,
  `${SOME_ID},${SOME_ID}`,
  '-000000000000000001-0000000001',
  '9223372036854775808-0000000000',
  '9999999999999999999-9999999999',
  '0000000000000000000-4294967296',
  ...ODD,
]

const TYPES = ['stream', 'stream.', 'created', 'STREAM.CREATED', 'stream.nothing', '*', ...ODD]
const WORDS = ['ASC', 'Active', 'asc,desc', '1', 'descending', ...ODD]

type Bad = Record<string, readonly string[]>

const PAGING: Bad = {
  after: POSITIONS,
  before: POSITIONS,
  order: WORDS,
  limit: numbersBut(1, 1_000),
}

const RANGE: Bad = {
  from_ledger: numbersBut(0, 2_147_483_647),
  to_ledger: ['2147483648', '-1'],
  from_time: numbersBut(0, Number.MAX_SAFE_INTEGER),
  to_time: ['9007199254740992', '2026-01-01T00:00:00Z'],
}

const SCALARS: Record<string, Bad> = {
  '/streams': {
    sender: ADDRESSES,
    recipient: ADDRESSES,
    user: ADDRESSES,
    token: ADDRESSES,
    status: WORDS,
    sort: WORDS,
    order: WORDS,
    limit: numbersBut(1, 200),
    wait_ledger: numbersBut(0, 2_147_483_647),
    wait: numbersBut(0, 30),
    wait_tx: ['a'.repeat(63), 'a'.repeat(65), 'A'.repeat(64), 'g'.repeat(64), ...ODD],
    cursor: [
      ...ODD,
      SOME_ID,
      ...[
        '{"sort":"created"}',
        '[]',
        '["created","asc","00000000000000000001"]',
        '["created","desc","00000000000000000001","00000000000000000001"]',
        '["end","asc","00000000000000000001","00000000000000000001"]',
        '["created","asc","00000000000000000001","1"]',
        '["created","asc",1,"00000000000000000001"]',
        `["created","asc","${'0'.repeat(41)}","00000000000000000001"]`,
        '["created","asc",null,"00000000000000000001"]',
        '["created","asc",1e400,"00000000000000000001"]',
        '["__proto__","asc","00000000000000000001","00000000000000000001"]',
      ].map((key) => Buffer.from(key).toString('base64url')),
    ],
  },
  '/streams/1': { ledger: numbersBut(0, 2_147_483_647) },
  '/streams/1/explain': { limit: ['0', '1001'], cursor: POSITIONS, after: ['now'] },
  '/streams/1/events': PAGING,
  '/streams/1/claimable': { at: numbersBut(0, Number.MAX_SAFE_INTEGER) },
  [`/users/${account}/summary`]: {},
  [`/users/${account}/streams`]: { limit: ['201'], sort: ['id'], cursor: [SOME_ID] },
  [`/users/${account}/events`]: { limit: ['1001'], to_ledger: ['x'], after: ['now'] },
  '/events': { ...PAGING, ...RANGE },
  [`/transactions/${'a'.repeat(64)}`]: { wait: numbersBut(0, 30) },
  [`/tokens/${contractId}`]: {},
  '/summary': { wait_ledger: ['-1', 'x'] },
  '/events/stats': {},
  '/health': {},
  '/ready': { max_lag: numbersBut(0, 2_147_483_647) },
  '/status': {},
  '/metrics': {},
  '/events/subscribe': {
    all: ['TRUE', '1', 'yes', ...ODD],
    lastEventId: POSITIONS.filter((value) => value !== 'now' && value !== 'earliest'),
    last_event_id: POSITIONS.filter((value) => value !== 'now' && value !== 'earliest'),
    cursor: POSITIONS.filter((value) => value !== 'now' && value !== 'earliest'),
    overload: ['true', 'RETRY', ...ODD],
  },
}

/** Their error says what is legal, even if they are repeated. */
const CHOICES_OF_THE_FEED = new Set(['all', 'overload'])

const LISTS: Record<string, Bad> = {
  '/events': { streams: STREAM_IDS, users: ADDRESSES, types: TYPES },
  '/streams': { streams: STREAM_IDS },
  '/streams/1/events': { types: TYPES },
  '/events/subscribe': { streams: STREAM_IDS, users: ADDRESSES, types: TYPES },
}

const encoded = (value: string) => (value.startsWith('%') ? value : encodeURIComponent(value))

/** A request in which only the parameter under test is wrong: the feed also needs a filter. */
function query(route: string, name: string, value: string): string {
  const given = `${name}=${encoded(value)}`
  const enough =
    route !== '/events/subscribe' || ['streams', 'users', 'types', 'all'].includes(name)
  return `${route}?${enough ? '' : 'all=true&'}${given}`
}

const WITH_SCALARS = Object.entries(SCALARS).filter(([, names]) => Object.keys(names).length > 0)

describe.each(WITH_SCALARS)('%s', (route, parameters) => {
  test('P8: every malformed value is refused by the name of its parameter', async () => {
    for (const [name, values] of Object.entries(parameters)) {
      for (const value of values) {
        const path = query(route, name, value)
        expectRefused(await ask(url, path), show(path), [name])
      }
    }
    expect(await getJson(`${url}/health`)).toEqual({ status: 'ok' })
  })

  test('P8: a scalar that is given twice is refused by its name', async () => {
    for (const name of Object.keys(parameters)) {
      for (const values of [
        ['1', '1'],
        ['', ''],
        ['1', '', '2'],
        ['a', 'b'],
      ]) {
        const again = values.slice(1).map((value) => `&${name}=${value}`)
        const path = query(route, name, values[0]!) + again.join('')
        const answered = await ask(url, path)
        expectRefused(answered, show(path), [name])
        if (!CHOICES_OF_THE_FEED.has(name)) {
          expect(answered.body).toContain('is given more than once')
        }
      }
    }
  })
})

test.each(Object.keys(SCALARS))(
  'P8: %s refuses an unknown parameter by its name',
  async (route) => {
    for (const name of [...INHERITED, 'nothing', 'limit[]', 'Order', 'a.b', '🙂', ' ', HUGE, '']) {
      const path = query(route, encoded(name), '1')
      expectRefused(await ask(url, path), show(path), [name])
    }
  },
)

describe.each(Object.entries(LISTS))('%s', (route, parameters) => {
  test('P8: a list with a malformed value is refused, whether the others are legal or not', async () => {
    const legal = { streams: '1', users: account, types: 'stream.created' }
    for (const [name, values] of Object.entries(parameters)) {
      const good = legal[name as keyof typeof legal]
      for (const value of values) {
        const alone = `${route}?${name}=${encoded(value)}`
        const forms = [
          alone,
          `${route}?${name}=${good},${encoded(value)}`,
          `${alone}&${name}=${good}`,
        ]
        for (const path of forms) expectRefused(await ask(url, path), show(path), [name])
      }
      for (const path of [`${route}?${name}=${good},`, `${route}?${name}=,${good}`]) {
        expectRefused(await ask(url, path), path, [name])
      }
    }
  })
})

describe('lists', () => {
  test('P8: a list beyond its limit is refused; a list at its limit is accepted', async () => {
    const ids = (count: number) => Array.from({ length: count }, (_, index) => index).join(',')
    for (const [route, most] of [
      ['/streams', 200],
      ['/events', 500],
      ['/events/subscribe', 500],
    ] as const) {
      const path = `${route}?streams=${ids(most + 1)}`
      const answered = await ask(url, path)
      expectRefused(answered, show(path), ['streams'])
      expect(answered.body).toContain(`at most ${most} streams at once`)
      expect((await ask(url, `${route}?streams=${ids(most)}`)).status).toBe(200)
      // Duplicates count once.
      expect((await ask(url, `${route}?streams=${'1,'.repeat(600)}1`)).status).toBe(200)
    }
  })

  test('a list with many malformed items gets the error once', async () => {
    const { body } = await ask(url, `/events?streams=${'x,'.repeat(400)}x`)
    expect((JSON.parse(body) as { errors: unknown[] }).errors).toHaveLength(1)
  })

  test('a list has the same answer repeated, comma-separated and mixed', async () => {
    const recipient = String(finalStreams(recording).get('2')!['recipient'])
    const lists: [string, [string, string, string]][] = [
      ['streams', ['1', '2', '3']],
      ['users', [account, recipient, contractId]],
      ['types', ['stream.created', 'stream.withdrawn', 'stream.cancelled']],
    ]
    for (const [name, [a, b, c]] of lists) {
      const forms = [
        `${name}=${a},${b},${c}`,
        `${name}=${a}&${name}=${b}&${name}=${c}`,
        `${name}=${c}&${name}=${b},${a}`,
        `${name}=${a}%2C${b}&${name}=${c},${a}`,
      ]
      const [first, ...others] = await Promise.all(
        forms.map((form) => getJson<{ data: { id: string }[] }>(`${url}/events?${form}`)),
      )
      expect(first!.data.length).toBeGreaterThan(0)
      for (const other of others) expect(other).toEqual(first)
      for (const form of forms) {
        const heard: string[] = []
        for await (const { event, id } of subscribe(
          `${url}/events/subscribe?${form}&cursor=earliest`,
        )) {
          if (event === 'caught_up') break
          if (event !== 'message') heard.push(id!)
        }
        expect(heard).toEqual(first!.data.map(({ id }) => id))
      }
    }
    const stats = () => getJson<{ activeConnections: number }>(`${url}/events/stats`)
    await expect.poll(async () => (await stats()).activeConnections, { interval: 5 }).toBe(0)
  })
})

describe('/events/subscribe', () => {
  test('a subscription without a filter is refused, and so is all=true with another filter', async () => {
    for (const path of ['', '?', '?all=false', '?cursor=now']) {
      const answered = await ask(url, `/events/subscribe${path}`)
      expectRefused(answered, path, ['streams'])
      expect(answered.body).toMatch(/streams=1,2 or users=G….*all=true/)
    }
    for (const path of ['streams=1', `users=${account}`]) {
      const answered = await ask(url, `/events/subscribe?all=true&${path}`)
      expectRefused(answered, path, ['all'])
    }
  })

  test('a Last-Event-ID that is not a position is refused; an empty one counts as absent', async () => {
    const path = '/events/subscribe?all=true'
    // A header is Latin-1 text, and spaces around its value do not count.
    const values = POSITIONS.filter(
      (value) => /^[\t\x20-\xff]+$/.test(value.trim()) && !['now', 'earliest'].includes(value),
    )
    for (const value of [...values, 'é', '3, 4']) {
      if (value.trim() === SOME_ID) continue
      const answered = await ask(url, path, { 'Last-Event-ID': value })
      expectRefused(answered, show(value), ['Last-Event-ID'])
    }
    const twice = await ask(url, path, { 'Last-Event-ID': [SOME_ID, SOME_ID] })
    expectRefused(twice, 'twice', ['Last-Event-ID'])
    for (const value of ['', ' ', SOME_ID, ` ${SOME_ID} `, 'now', 'earliest']) {
      const { status, type } = await ask(url, path, { 'Last-Event-ID': value })
      expect([value, status, type]).toEqual([value, 200, 'text/event-stream'])
    }
  })
})

describe('paths', () => {
  const PATHS: [name: string, route: (value: string) => string, values: readonly string[]][] = [
    ['id', (id) => `/streams/${id}`, STREAM_IDS],
    ['id', (id) => `/streams/${id}/events`, STREAM_IDS],
    ['id', (id) => `/streams/${id}/claimable`, STREAM_IDS],
    ['address', (address) => `/users/${address}/summary`, ADDRESSES],
  ]

  test.each(PATHS)(
    'P8: a malformed %s in a path is refused by its name: %s',
    async (name, route, values) => {
      for (const value of values) {
        // With an empty value it is another path.
        if (value === '') continue
        const path = route(encoded(value))
        expectRefused(await ask(url, path), show(path), [name])
      }
    },
  )

  test('any other path is a 404 or a 400', async () => {
    const paths = [
      '/%',
      '/%ff',
      '/../nothing',
      '/../../etc/passwd',
      '/streams/1/',
      '//streams',
      '/__proto__',
    ]
    for (const path of [...paths, '/streams/1%2Fevents', `/${HUGE}`, '/🙂', '/streams//events']) {
      const { status, type, body } = await ask(url, encodeURI(path).replaceAll('%25', '%'))
      expect([show(path), [400, 404].includes(status)]).toEqual([show(path), true])
      expect(type).toBe('application/problem+json')
      expect(JSON.parse(body)).toMatchObject({ status })
    }
  })
})

test('the limits of every range are legal', async () => {
  const paths = [
    '/streams?limit=1',
    '/streams?limit=200',
    '/events?limit=1',
    '/events?limit=1000',
    '/streams/1/claimable?at=0',
    `/streams/1/claimable?at=${Number.MAX_SAFE_INTEGER}`,
    '/ready?max_lag=0',
    '/ready?max_lag=2147483647',
    '/events?after=0000000000000000000-0000000000',
    '/events?before=9223372036854775807-4294967295',
    '/events?streams=18446744073709551615',
    `/events?types=${EVENT_TYPES.join(',')}`,
  ]
  for (const path of paths) {
    const { status, body } = await ask(url, path)
    expect([path, status, body.startsWith('{')]).toEqual([path, 200, true])
  }
  for (const id of ['0', '18446744073709551615']) {
    expect((await ask(url, `/streams/${id}`)).status).toBe(404)
  }
})

test('several mistakes are listed in one answer', async () => {
  const path = '/streams?limit=0&sender=x&nothing=1&order=up'
  expectRefused(await ask(url, path), path, ['limit', 'nothing', 'order', 'sender'])
})

test('P8: bytes that are not HTTP and requests that are too large are refused; the next request is served', async () => {
  const raw = async (bytes: string) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.end(bytes)
    return text(socket)
  }
  expect(await raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
  expect(await raw('GET nowhere HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 4\d\d /,
  )
  expect(await raw('GET /health HTTP/1.1\r\nconnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
  for (const host of ['', '[', 'a b', '/', '🙂']) {
    const answered = await raw(`GET /health HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
    expect(answered).toMatch(/^HTTP\/1\.1 (200|400) /)
    const feed = await raw(
      `GET /events/subscribe HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`,
    )
    expect(feed).toMatch(/^HTTP\/1\.1 400 /)
  }
  const long = `GET /events?users=${'a'.repeat(20_000)} HTTP/1.1\r\nhost: a\r\n\r\n`
  expect(await raw(long)).toMatch(/^HTTP\/1\.1 431 /)
  expect(await getJson(`${url}/health`)).toEqual({ status: 'ok' })
})
