import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { subscribeRequest } from '../support/feed/client.ts'
import type { FeedClient } from '../support/feed/client.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'

/** FlowFi's own feed, translated. */

interface Logged {
  id: string
  type: string
  streamId?: string
  ledger: number
  timestamp: number
  transactionHash: string
  sender: string | null
  recipient: string | null
  [field: string]: unknown
}

/** Fields by event, beside those of every event. */
const FIELDS: Record<string, string[]> = {
  created: [
    'streamId',
    'sender',
    'recipient',
    'tokenAddress',
    'ratePerSecond',
    'depositedAmount',
    'startTime',
  ],
  topped_up: ['streamId', 'amount', 'newDepositedAmount', 'timestamp'],
  withdrawn: ['streamId', 'recipient', 'amount', 'timestamp'],
  cancelled: ['streamId', 'refundedAmount', 'amountWithdrawn', 'timestamp'],
  completed: ['streamId', 'recipient', 'totalWithdrawn', 'timestamp'],
  paused: ['streamId', 'sender', 'pausedAt', 'timestamp'],
  resumed: ['streamId', 'sender', 'newEndTime', 'timestamp'],
  fee_collected: ['streamId', 'treasury', 'token', 'feeAmount', 'timestamp'],
  fee_config_updated: [
    'admin',
    'oldTreasury',
    'newTreasury',
    'oldFeeRateBps',
    'newFeeRateBps',
    'timestamp',
  ],
  admin_transferred: ['previousAdmin', 'newAdmin', 'timestamp'],
}

function nameOf({ type }: Logged): string {
  return `stream.${type.slice(type.indexOf('.') + 1)}`
}

function isTranslated({ type }: Logged): boolean {
  return type !== 'protocol.initialized' && type !== 'unrecognised'
}

function open(daemon: FeedDaemon, path: string, headers = {}): Promise<FeedClient> {
  return daemon.request(subscribeRequest(daemon.url + path, headers))
}

function logOf(daemon: FeedDaemon): Logged[] {
  return daemon.log().map(({ data }) => JSON.parse(data) as Logged)
}

/** What came, as id and name; `count` of them are awaited. */
async function received(client: FeedClient, count: number): Promise<[string, string][]> {
  await client.until(() => client.events().length >= count)
  return client.events().map(({ id, event }) => [id!, event])
}

function expected(events: readonly Logged[]): [string, string][] {
  return events.map((event) => [event.id, nameOf(event)])
}

describe('in open mode', () => {
  let daemon: FeedDaemon

  beforeAll(async () => {
    // Some ledgers come while the subscriptions are open.
    daemon = await startFeedDaemon({ closed: 100, env: { MAX_AGE_SECONDS: '1' } })
    await daemon.indexed()
  })
  afterAll(() => daemon.close())

  test('P6: replay and live bring each event once, with the names and fields of the backend', async () => {
    const clients = [
      await open(daemon, '/v1/events/subscribe?cursor=earliest'),
      await open(daemon, '/api/v1/v1/events/subscribe?all=true&cursor=earliest'),
      await open(daemon, '//v1/events/subscribe?junk=1&lastEventId=earliest'),
    ]
    const early = logOf(daemon).filter(isTranslated).length
    for (const client of clients) await received(client, early)
    daemon.simulator.closeNext(1_000)
    await daemon.indexed()
    const log = logOf(daemon).filter(isTranslated)
    expect(log.length).toBeGreaterThan(early)
    for (const client of clients) {
      expect(await received(client, log.length)).toEqual(expected(log))
      const [connected] = client.messages
      expect(connected).toMatchObject({
        event: 'message',
        data: {
          type: 'connected',
          clientId: expect.any(String),
          requestId: expect.any(String),
          types: Object.keys(FIELDS).map((name) => `stream.${name}`),
        },
      })
      expect(client.events().map(({ text }) => text)).toEqual(
        clients[0]!.events().map(({ text }) => text),
      )
    }
    for (const [at, { event, data }] of clients[0]!.events().entries()) {
      const own = log[at]!
      const fields = FIELDS[event.slice('stream.'.length)]!
      expect(Object.keys(data).toSorted()).toEqual(
        [...fields, 'ledger', 'transactionHash'].toSorted(),
      )
      for (const [field, value] of Object.entries(data)) {
        if (field === 'streamId') expect(value).toBe(Number(own.streamId))
        else if (field !== 'newEndTime') expect([field, value]).toEqual([field, own[field]])
        else if (own[field] !== null) expect(Number(value)).toBe(own[field])
        else expect(BigInt(value as string)).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER))
      }
    }
  })

  test('filters are single or repeated, and one that cannot match is no error', async () => {
    const log = logOf(daemon).filter(isTranslated)
    const { sender } = log.find((event) => event.type === 'stream.created')!
    const postman = `streams=1&users=${'G'.repeat(58)}&all=false`
    const cases: [string, (event: Logged) => boolean][] = [
      ['streams=7', ({ streamId }) => streamId === '7'],
      ['streams=7&streams=8', ({ streamId }) => streamId === '7' || streamId === '8'],
      [postman, ({ streamId }) => streamId === '1'],
      [`users=${sender}`, (event) => event.sender === sender || event.recipient === sender],
      ['all=false', () => true],
    ]
    for (const [query, matches] of cases) {
      const client = await open(daemon, `/v1/events/subscribe?${query}&cursor=earliest`)
      await client.until(() => client.named('caught_up').length > 0)
      expect([query, await received(client, 0)]).toEqual([query, expected(log.filter(matches))])
      client.socket.destroy()
    }
  })

  test('a client that comes back with its last id misses nothing', async () => {
    const log = logOf(daemon).filter(isTranslated)
    const headers = { 'Last-Event-ID': log[20]!.id }
    const client = await open(daemon, '/v1/events/subscribe', headers)
    expect(await received(client, log.length - 21)).toEqual(expected(log.slice(21)))
  })

  test('a subscription is never ended for its age', async () => {
    const ours = await daemon.open('all=true')
    const theirs = await open(daemon, '/v1/events/subscribe')
    await ours.until(({ ended }) => ended)
    expect(ours.named('reconnect')).toHaveLength(1)
    expect([theirs.ended, theirs.named('reconnect')]).toEqual([false, []])
  })

  test.for(['streams=abc', 'streams=', 'all=1', 'cursor=junk', 'users=a&streams=1.5'])(
    '%s is refused in the form of the backend',
    async (query) => {
      const response = await fetch(`${daemon.url}/v1/events/subscribe?${query}`)
      expect([response.status, await response.json()]).toEqual([
        400,
        { message: 'Invalid subscription parameters', errors: expect.any(Array) },
      ])
    },
  )
})

describe('in jwt mode', () => {
  const SECRET = 'a secret of at least thirty-two bytes'
  let daemon: FeedDaemon
  let log: Logged[]
  let own: string

  beforeAll(async () => {
    daemon = await startFeedDaemon({
      env: {
        AUTH: 'jwt',
        JWT_SECRET: SECRET,
        RATE_LIMIT_PER_MINUTE: '5',
        MAX_SUBSCRIPTIONS_PER_USER: '2',
      },
    })
    await daemon.indexed()
    log = logOf(daemon).filter(isTranslated)
    own = log.find(({ type }) => type === 'stream.withdrawn')!.recipient!
  })
  afterAll(() => daemon.close())

  function tokenOf(sub: string, scope = ''): Promise<string> {
    return new SignJWT({ sub, scope, exp: 4_000_000_000 })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(SECRET))
  }

  async function get(path: string, token?: string) {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(daemon.url + path, { headers })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  const ofOwn = ({ sender, recipient }: Logged) => sender === own || recipient === own

  test('every route but health and stats needs a token, and the refusals have the form of the backend', async () => {
    const missing = { error: 'Unauthorized', message: 'Missing Bearer token' }
    for (const path of ['/streams', '/streams/1', '/events?address=G', '/events/subscribe']) {
      expect(await get(`/v1${path}`)).toEqual({ status: 401, body: missing })
    }
    const invalid = { error: 'Unauthorized', message: 'Invalid or expired token' }
    expect(await get('/api/v1/streams', 'junk')).toEqual({ status: 401, body: invalid })
    expect(await get('/v1/events/subscribe?token=junk')).toEqual({ status: 401, body: invalid })
    for (const path of ['/v1/health', '/v1/v1/events/stats']) {
      expect((await get(path)).status).toBe(200)
    }
  })

  test('a subject sees its own streams and events, as if nothing else existed', async () => {
    const token = await tokenOf(own)
    const mine = new Set(log.filter(ofOwn).map(({ streamId }) => streamId!))
    const foreign = log.find((event) => event.type === 'stream.created' && !ofOwn(event))!
    const answers = [
      await get('/v1/streams?limit=100', token),
      await get(`/v1/streams?sender=${foreign.sender}`, token),
      await get(`/v1/streams/${[...mine][0]}`, token),
      await get(`/v1/users/${foreign.sender}/summary`, token),
      await get(`/v1/users/${foreign.sender}/events`, token),
      await get(`/v1/streams/${foreign.streamId}/events`, token),
      await get('/v1/streams/0/events', token),
    ]
    expect(answers[0]!.body).toMatchObject({ total: mine.size })
    const text = JSON.stringify(answers)
    for (const event of log) {
      if (event.streamId === undefined || mine.has(event.streamId)) continue
      expect(text).not.toContain(event.id)
      expect(text).not.toContain(`"streamId":${event.streamId},`)
    }
    expect(await get(`/v1/streams/${foreign.streamId}`, token)).toEqual({
      status: 404,
      body: { error: 'Stream not found' },
    })
    expect(await get(`/v1/events?address=${foreign.sender}`, token)).toMatchObject({
      status: 403,
      body: { error: 'Forbidden' },
    })
    expect((await get(`/v1/events?address=${own}`, token)).body).toMatchObject({
      total: log.filter(ofOwn).length,
    })
    const { body: me } = await get('/v1/users/me', token)
    expect(me).toMatchObject({ publicKey: own, receivedStreams: expect.any(Array) })
    expect(await get('/v1/users/me', await tokenOf(`C${'A'.repeat(55)}`))).toMatchObject({
      status: 200,
      body: { inMemory: true, sentStreams: [] },
    })
  })

  test('a subscription brings the events of the token, and with all=true everything to an administrator', async () => {
    const token = await tokenOf(own)
    const mine = log.filter(ofOwn)
    for (const query of ['', 'all=true&']) {
      const path = `/v1/events/subscribe?${query}cursor=earliest&token=${token}`
      const client = await open(daemon, path)
      await client.until(() => client.named('caught_up').length > 0)
      expect(await received(client, 0)).toEqual(expected(mine))
    }
    // Their number per user is limited.
    const refused = await fetch(`${daemon.url}/v1/events/subscribe?token=${token}`)
    expect([refused.status, refused.headers.has('retry-after')]).toEqual([429, true])
    expect(await refused.json()).toEqual({ message: expect.any(String), status: 429 })
    const headers = { Authorization: `Bearer ${await tokenOf('operator', 'admin')}` }
    const operator = await open(daemon, '/v1/events/subscribe?all=true&cursor=earliest', headers)
    expect(await received(operator, log.length)).toEqual(expected(log))
  })

  test('without a filter a subscription means the user of the token, whatever the token may see', async () => {
    const other = String(log.find((event) => !ofOwn(event) && event.sender !== null)!.sender)
    const headers = { Authorization: `Bearer ${await tokenOf(other, 'events:all')}` }
    const client = await open(daemon, '/v1/events/subscribe?cursor=earliest', headers)
    await client.until(() => client.named('caught_up').length > 0)
    const theirs = log.filter(({ sender, recipient }) => [sender, recipient].includes(other))
    expect(await received(client, 0)).toEqual(expected(theirs))
  })

  test('figures about the whole contract are for administrators', async () => {
    const forbidden = { status: 403, body: { error: 'Forbidden', message: expect.any(String) } }
    for (const path of ['/v1/admin/indexer/status', '/api/v1/admin/metrics']) {
      expect(await get(path, await tokenOf(own))).toEqual(forbidden)
    }
    const token = await tokenOf('operator', 'admin')
    const { body: status } = await get('/v1/admin/indexer/status', token)
    expect(status).toMatchObject({ lastLedger: expect.any(Number), lagSeconds: 0 })
    const all = logOf(daemon)
    const created = all.filter(({ type }) => type === 'stream.created').length
    const fees: Record<string, bigint> = {}
    for (const { type, token: name, feeAmount } of all) {
      if (type !== 'stream.fee_collected') continue
      fees[name as string] = (fees[name as string] ?? 0n) + BigInt(feeAmount as string)
    }
    const { body: metrics } = await get('/v1/admin/metrics', token)
    expect(metrics).toMatchObject({
      total_streams: created,
      streams: { total: created },
      events: { total: all.length, last24h: all.length },
      fees: Object.fromEntries(Object.entries(fees).map(([name, sum]) => [name, String(sum)])),
    })
  })

  test('P8: the rate of this API is a budget of its own, ten times that of the others', async () => {
    const statuses: number[] = []
    const last = await (async () => {
      for (;;) {
        const response = await fetch(`${daemon.url}/v1/streams`)
        const body: unknown = await response.json()
        statuses.push(response.status)
        if (response.status === 429) return body
      }
    })()
    expect(last).toEqual({ message: expect.any(String), status: 429 })
    expect(statuses.length).toBeGreaterThan(20)
    expect(statuses.length).toBeLessThanOrEqual(51)
    expect((await fetch(`${daemon.url}/streams`)).status).toBe(401)
  })
})
