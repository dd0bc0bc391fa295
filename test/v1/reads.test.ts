import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { finalClaimables, finalStreams, lastLedger } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'

/** FlowFi's own front end, and other clients of its backend, get what they depend on. */

const recording = await loadRecording('quirks')
const records = finalStreams(recording)
const { sender: SENDER, recipient: RECIPIENT } = records.get('29') as Record<string, string>
let daemon: FeedDaemon
let log: Logged[]

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

interface V1Event {
  id: string
  streamId: number
  eventType: string
  amount: string | null
  timestamp: number
  metadata: string | null
}

interface V1Stream {
  streamId: number
  startTime: number
  lastUpdateTime: number
  depositedAmount: string
  withdrawnAmount: string
  totalPausedDuration: number
  status: string
  isActive: boolean
  isPaused: boolean
  createdAt: string
  events: V1Event[]
}

interface StreamPage {
  data: V1Stream[]
  total: number
  hasMore: boolean
  limit: number
  offset: number
}

beforeAll(async () => {
  daemon = await startFeedDaemon({ recording: 'quirks' })
  await daemon.indexed()
  log = daemon.log().map(({ data }) => JSON.parse(data) as Logged)
})
afterAll(() => daemon.close())

async function get(path: string): Promise<{ status: number; body: unknown; headers: Headers }> {
  const headers = { origin: 'http://localhost:3000' }
  const response = await fetch(daemon.url + path, { headers })
  return { status: response.status, body: await response.json(), headers: response.headers }
}

async function ok<T>(path: string): Promise<T> {
  const { status, body } = await get(path)
  expect([path, status, body]).toEqual([path, 200, expect.anything()])
  return body as T
}

describe('the requests of the front end', () => {
  test.for(['/v1', '/api/v1', '/v1/v1', '/api/v1/v1', '//v1/', '/v1//v1'])(
    'under %s each is answered, and scripts of its origin may read the answer',
    async (prefix) => {
      const cases: [string, number, object][] = [
        [`/streams?sender=${SENDER}`, 200, { limit: 20, offset: 0 }],
        [
          `/streams?recipient=${RECIPIENT}&sort=lastUpdateTime&order=desc&limit=100`,
          200,
          { limit: 100 },
        ],
        ['/streams/42', 200, { streamId: 42, status: expect.any(String) }],
        ['/streams/999999', 404, { error: 'Stream not found' }],
        ['/streams/42/events?page=2&limit=10', 200, { events: expect.any(Array) }],
        [
          `/events?address=${SENDER}&page=1&limit=10&type=PAUSED%2CRESUMED`,
          200,
          { limit: 10, offset: 0 },
        ],
        ['/health', 200, { status: 'ok', db: 'connected', ledger: lastLedger(recording) }],
        ['/events/stats', 200, { maxConnections: 10_000 }],
        ['/nothing', 404, { error: 'Not Found' }],
      ]
      for (const [path, status, body] of cases) {
        const answer = await get(prefix + path)
        expect([path, answer.status]).toEqual([path, status])
        expect(answer.body).toMatchObject(body)
        expect(answer.headers.get('access-control-allow-origin')).toBeTruthy()
        expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
      }
    },
  )

  test('another version of the API is refused, and the root says that the backend runs', async () => {
    expect(await get('/v2/streams')).toMatchObject({
      status: 400,
      body: { error: 'Unsupported API version', supportedVersions: ['v1'] },
    })
    const root = await fetch(`${daemon.url}/v1/`)
    expect([root.status, await root.text()]).toEqual([200, 'FlowFi Backend is running'])
    const docs = await fetch(`${daemon.url}/v1/api-docs.json`)
    expect((await docs.json()) as object).toMatchObject({ openapi: '3.1.0' })
  })
})

describe('streams', () => {
  test('P5: each stream equals the record of the contract, with integers as its clients read them', async () => {
    const statusOf = (record: Record<string, unknown>) => {
      if (record['isActive'] === true) return record['paused'] === true ? 'Paused' : 'Active'
      return record['status'] === 'Completed' ? 'Completed' : 'Cancelled'
    }
    for (const [id, record] of records) {
      const stream = await ok<V1Stream>(`/v1/streams/${id}`)
      const isPaused = record['isActive'] === true && record['paused'] === true
      expect(stream).toMatchObject({
        id,
        streamId: Number(id),
        sender: record['sender'],
        recipient: record['recipient'],
        tokenAddress: record['tokenAddress'],
        ratePerSecond: record['ratePerSecond'],
        depositedAmount: record['depositedAmount'],
        withdrawnAmount: record['withdrawnAmount'],
        startTime: Number(record['startTime']),
        lastUpdateTime: Number(record['lastUpdateTime']),
        isActive: record['isActive'],
        isPaused,
        pausedAt: isPaused ? Number(record['pausedAt']) : null,
        status: statusOf(record),
        createdAt: new Date(Number(record['startTime']) * 1_000).toISOString(),
      })
      const own = log.filter(({ streamId }) => streamId === id)
      expect(stream.events.map((event) => event.id)).toEqual(
        own.map((event) => event.id).toReversed(),
      )
      expect(stream.totalPausedDuration).toBe(pausedSeconds(own))
    }
  })

  test('pages by offset have every stream once, in each order, with the total', async () => {
    for (const filter of ['', `sender=${SENDER}`, `recipient=${RECIPIENT}`, 'status=cancelled']) {
      for (const sort of ['createdAt', 'lastUpdateTime', 'depositedAmount', 'endTime', 'junk']) {
        for (const order of ['asc', 'desc']) {
          const query = `${filter}&sort=${sort}&order=${order}`
          const whole = await ok<StreamPage>(`/v1/streams?${query}&limit=100`)
          const pages: V1Stream[] = []
          for (let hasMore = true; hasMore;) {
            const page = await ok<StreamPage>(
              `/v1/streams?${query}&limit=37&offset=${pages.length}`,
            )
            expect(page).toMatchObject({ total: whole.total, limit: 37, offset: pages.length })
            pages.push(...page.data)
            hasMore = page.hasMore
          }
          expect(pages).toHaveLength(whole.total)
          expect(pages.slice(0, 100)).toEqual(whole.data)
          const by = { lastUpdateTime: 'lastUpdateTime', createdAt: 'streamId' }[sort]
          if (by === undefined) continue
          const values = pages.map((stream) => stream[by as 'streamId'])
          const sorted = values.toSorted((a, b) => (order === 'asc' ? a - b : b - a))
          expect(values).toEqual(sorted)
        }
      }
    }
  })

  test('filters find what the records say, and one that is empty finds nothing', async () => {
    const all = [...records.values()]
    const count = async (query: string) => (await ok<StreamPage>(`/v1/streams?${query}`)).total
    const of = (field: string, value: string) => all.filter((each) => each[field] === value).length
    expect(await count('')).toBe(all.length)
    expect(await count(`sender=${SENDER}`)).toBe(of('sender', SENDER!))
    expect(await count(`recipient=${RECIPIENT}`)).toBe(of('recipient', RECIPIENT!))
    const both = all.filter((each) => each['sender'] === SENDER && each['recipient'] === RECIPIENT)
    expect(await count(`sender=${SENDER}&recipient=${RECIPIENT}`)).toBe(both.length)
    const paused = all.filter((each) => each['isActive'] === true && each['paused'] === true)
    expect(await count('status=paused')).toBe(paused.length)
    for (const query of ['sender=', 'recipient=junk', 'token=']) expect(await count(query)).toBe(0)
    // A scalar that is given twice is ignored, like what is unknown.
    expect(await count('sender=a&sender=b&junk=1&=')).toBe(all.length)
  })

  test.for([
    ['limit=10abc', 10],
    ['limit=junk', 20],
    ['limit=', 20],
    ['limit=0', 20],
    ['limit=-5', 20],
    ['limit=1000', 100],
    ['limit=3&limit=4', 20],
  ] as const)('%s is a limit of %i', async ([query, limit]) => {
    expect(await ok<StreamPage>(`/v1/streams?${query}`)).toMatchObject({ limit })
  })

  test('a list says how each stream has ended, because the dashboard reads it from events', async () => {
    const { data } = await ok<StreamPage>('/v1/streams?limit=100')
    for (const { status, events } of data) {
      const names = events.map(({ eventType }) => eventType)
      const isOver = status === 'Cancelled' || status === 'Completed'
      expect([status, names]).toEqual([status, isOver ? [status.toUpperCase()] : []])
    }
    expect(new Set(data.map(({ status }) => status)).size).toBeGreaterThan(2)
  })

  test('P5: what can be claimed equals the answers of the contract', async () => {
    for (const { streamId, at, claimableAmount } of finalClaimables(recording)) {
      const answer = await ok(`/v1/streams/${streamId}/claimable?at=${at}`)
      expect(answer).toEqual({
        streamId: Number(streamId),
        claimableAmount,
        actionable: claimableAmount !== '0',
        calculatedAt: at,
        cached: false,
      })
    }
  })
})

describe('events', () => {
  test('each event has the name, the amount and the metadata of its type', async () => {
    const shown = await history(log.flatMap(({ streamId }) => streamId ?? []))
    const expected = log.filter(({ streamId }) => streamId !== undefined)
    expect(shown.size).toBe(expected.length)
    const totals = new Map<string, number>()
    for (const event of expected) {
      const { eventType, amount, metadata, ...rest } = shown.get(event.id)!
      const [name, of, keys] = TABLE[event.type as keyof typeof TABLE]
      expect([event.id, eventType, amount]).toEqual([event.id, name, of && event[of]])
      const parsed = JSON.parse(metadata!) as Record<string, unknown>
      expect(Object.keys(parsed)).toEqual(keys)
      if (event.type === 'stream.resumed') {
        const own = log.filter(({ id, streamId }) => streamId === event.streamId && id <= event.id)
        const total = pausedSeconds(own)
        const before = totals.get(event.streamId!) ?? 0
        totals.set(event.streamId!, total)
        expect(parsed).toMatchObject({
          totalPausedDuration: total,
          pausedDuration: total - before,
        })
      }
      expect(rest).toMatchObject({
        streamId: Number(event.streamId),
        transactionHash: event.transactionHash,
        ledgerSequence: event.ledger,
        timestamp: event.timestamp,
        createdAt: new Date(event.timestamp * 1_000).toISOString(),
      })
    }
  })

  test('a time that a double cannot hold is exact', async () => {
    const [event] = log.filter(({ type, newEndTime }) => type.startsWith('stream.r') && !newEndTime)
    const shown = await history([event!.streamId!])
    const { newEndTime } = JSON.parse(shown.get(event!.id)!.metadata!) as { newEndTime: string }
    expect(BigInt(newEndTime)).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER))
  })

  test('events of the whole contract have the stream 0', async () => {
    const { data, events } = await ok<{ data: V1Event[]; events: V1Event[] }>(
      '/v1/streams/0/events?limit=200',
    )
    expect(events).toEqual(data)
    const expected = log.filter(({ type }) => /^protocol\.[fa]/.test(type))
    expect(data.map(({ id }) => id)).toEqual(expected.map(({ id }) => id).toReversed())
    for (const { eventType, streamId, amount, metadata } of data) {
      expect({ streamId, amount }).toEqual({ streamId: 0, amount: null })
      expect(Object.keys(JSON.parse(metadata!) as object)).toContain(
        eventType === 'ADMIN_TRANSFERRED' ? 'new_admin' : 'new_fee_rate_bps',
      )
    }
  })

  test('the pages of a history overlap nowhere, by offset, by page and by cursor', async () => {
    const [id = ''] = longest()
    const path = `/v1/streams/${id}/events`
    interface History {
      data: V1Event[]
      total: number
      hasMore: boolean
    }
    const own = log.filter(({ streamId }) => streamId === id).map((event) => event.id)
    for (const order of ['asc', 'desc']) {
      const expected = order === 'asc' ? own : own.toReversed()
      const pages: string[][] = []
      for (let page = 1; ; page += 1) {
        const { data, total, hasMore } = await ok<History>(
          `${path}?order=${order}&limit=4&page=${page}`,
        )
        expect(total).toBe(own.length)
        pages.push(data.map((event) => event.id))
        if (!hasMore) break
      }
      expect(pages.flat()).toEqual(expected)
      const cursor = expected[2]
      const after = await ok<History>(`${path}?order=${order}&limit=4&page=9&cursor=${cursor}`)
      expect(after.data.map((event) => event.id)).toEqual(expected.slice(3, 7))
      const offset = await ok<History>(`${path}?order=${order}&limit=4&page=9&offset=3`)
      expect(offset.data).toEqual(after.data)
    }
    const { total } = await ok<History>(`${path}?eventType=CREATED`)
    expect(total).toBe(1)
    expect(await ok<History>('/v1/streams/999999/events')).toMatchObject({ data: [], total: 0 })
  })

  test('the activity of an address is that of its streams, newest first', async () => {
    const own = log.filter(({ sender, recipient }) => sender === SENDER || recipient === SENDER)
    const ids = own.map(({ id }) => id).toReversed()
    const path = `/v1/events?address=${SENDER}`
    interface Activity {
      events: V1Event[]
      total: number
      offset: number
      hasMore: boolean
    }
    const page = await ok<Activity>(`${path}&page=2&limit=5`)
    expect(page).toMatchObject({ total: ids.length, offset: 5, hasMore: ids.length > 10 })
    expect(page.events.map(({ id }) => id)).toEqual(ids.slice(5, 10))
    const some = await ok<Activity>(`${path}&type=%20created,BOGUS`)
    expect(new Set(some.events.map(({ eventType }) => eventType))).toEqual(new Set(['CREATED']))
    const { data } = await ok<{ data: (V1Event & { stream: V1Stream })[] }>(
      `/v1/users/${SENDER}/events?limit=5`,
    )
    expect(data.map(({ id }) => id)).toEqual(ids.slice(0, 5))
    for (const { streamId, stream } of data) expect(stream.streamId).toBe(streamId)
  })
})

describe('users', () => {
  test('a user has the newest streams of each side, and what was paid and received', async () => {
    const user = await ok<Record<string, unknown>>(`/v1/users/${SENDER}`)
    const ids = (side: string) =>
      [...records.values()]
        .filter((record) => record[side] === SENDER)
        .map((record) => Number(record['streamId']))
        .sort((a, b) => b - a)
    const shown = (streams: unknown) => (streams as V1Stream[]).map(({ streamId }) => streamId)
    expect(user).toMatchObject({ publicKey: SENDER, id: SENDER })
    expect(shown(user['sentStreams'])).toEqual(ids('sender').slice(0, 10))
    expect(shown(user['receivedStreams'])).toEqual(ids('recipient').slice(0, 10))
    const sum = (side: string) =>
      [...records.values()]
        .filter((record) => record[side] === SENDER)
        .reduce((total, record) => total + BigInt(String(record['withdrawnAmount'])), 0n)
    const active = (side: string) =>
      [...records.values()].filter((record) => record[side] === SENDER && record['isActive'])
    for (const path of [`/v1/users/${SENDER}/summary`, `/v1/streams/summary/${SENDER}`]) {
      expect(await ok(path)).toMatchObject({
        address: SENDER,
        totalStreamsCreated: ids('sender').length,
        totalStreamedOut: sum('sender').toString(),
        totalStreamedIn: sum('recipient').toString(),
        activeOutgoingCount: active('sender').length,
        activeIncomingCount: active('recipient').length,
      })
    }
    expect(await ok('/v1/users/nobody/summary')).toMatchObject({ totalStreamedIn: '0' })
  })
})

test.for<[string, number, object]>([
  ['/v1/streams?status=', 400, { error: 'Invalid status parameter' }],
  ['/v1/streams?status=Active', 400, { error: 'Invalid status parameter' }],
  ['/v1/streams/abc', 400, { error: 'Invalid streamId parameter' }],
  ['/v1/streams/%zz', 400, { error: 'Invalid streamId parameter' }],
  ['/v1/streams/-1', 400, { error: 'Invalid streamId parameter' }],
  ['/v1/streams/9223372036854775808', 404, { error: 'Stream not found' }],
  ['/v1/streams/99999999999999999999999', 404, { error: 'Stream not found' }],
  ['/v1/streams/1/events?eventType=created', 400, { error: 'Invalid eventType parameter' }],
  ['/v1/streams/1/events?cursor=junk', 400, { error: 'Invalid cursor parameter' }],
  ['/v1/streams/1/claimable?at=', 400, { error: 'Invalid query parameter' }],
  ['/v1/streams/1/claimable?at=-1', 400, { error: 'Invalid query parameter' }],
  ['/v1/streams/999999/claimable', 404, { error: 'Stream not found' }],
  ['/v1/events', 400, { error: 'address query parameter is required' }],
  ['/v1/events?address=G&type=BOGUS', 400, { error: 'No valid event types in `type` filter' }],
  ['/v1/users/GABC', 400, { error: 'Invalid Stellar public key format' }],
  ['/v1/users/GABC/events', 400, { error: 'Invalid Stellar public key format' }],
  [`/v1/users/G${'A'.repeat(55)}`, 404, { error: 'User not found' }],
  ['/v1/users/%20/summary', 400, { error: 'Address is required' }],
  ['/v1/users/me', 401, { error: 'Unauthorized', message: 'Missing Bearer token' }],
  [
    '/v1/events/subscribe?streams=x',
    400,
    { message: 'Invalid subscription parameters', errors: expect.any(Array) },
  ],
])('%s is a %i in the form of the backend', async ([path, status, body]) => {
  const answer = await get(path)
  expect(answer).toMatchObject({ status, body })
})

const TABLE = {
  'stream.created': ['CREATED', 'depositedAmount', ['tokenAddress', 'ratePerSecond']],
  'stream.topped_up': ['TOPPED_UP', 'amount', ['newDepositedAmount']],
  'stream.withdrawn': ['WITHDRAWN', 'amount', ['recipient']],
  'stream.cancelled': ['CANCELLED', 'refundedAmount', ['amountWithdrawn', 'refundedAmount']],
  'stream.completed': ['COMPLETED', 'totalWithdrawn', ['recipient']],
  'stream.paused': ['PAUSED', null, ['sender', 'pausedAt']],
  'stream.resumed': [
    'RESUMED',
    null,
    ['sender', 'newEndTime', 'pausedDuration', 'totalPausedDuration'],
  ],
  'stream.fee_collected': ['FEE_COLLECTED', 'feeAmount', ['treasury', 'token']],
} as const

/** All events of these streams, by id. */
async function history(ids: readonly string[]): Promise<Map<string, V1Event>> {
  const found = new Map<string, V1Event>()
  for (const id of new Set(ids)) {
    const { data } = await ok<{ data: V1Event[] }>(`/v1/streams/${id}/events?limit=200`)
    for (const event of data) found.set(event.id, event)
  }
  return found
}

/** The stream with the most events first. */
function longest(): string[] {
  const counts = Map.groupBy(log, ({ streamId = '' }) => streamId)
  counts.delete('')
  return [...counts].sort(([, a], [, b]) => b.length - a.length).map(([id]) => id)
}

/** The pauses that are over, from the ledger that began each to the one that ended it. */
function pausedSeconds(events: readonly Logged[]): number {
  let since: number | undefined
  let total = 0
  for (const { type, timestamp } of events) {
    if (type === 'stream.paused') since = timestamp
    if (type !== 'stream.resumed' || since === undefined) continue
    total += timestamp - since
    since = undefined
  }
  return total
}
