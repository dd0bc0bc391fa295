import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTokens } from '../../src/auth/tokens.ts'
import { FeedFrame } from '../../src/http/subscribe/frames.ts'
import { isCaughtUp } from '../support/feed/client.ts'
import type { FeedClient } from '../support/feed/client.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { ADMIN_TOKEN, SECRET } from '../support/tokens.ts'

const BEARER = { authorization: `Bearer ${ADMIN_TOKEN}` }

interface Listed {
  clientId: string
  user: string | null
  address: string
  mode: string
  filter: Record<string, unknown>
  cursor: string
  lagLedgers: number
  openedAt: string
}

interface Answer {
  status: number
  body: {
    data: Record<string, unknown>
    errors?: { parameter: string }[]
    detail: string
  }
}

interface Page {
  data: Listed[]
  nextCursor: string | null
}

describe('operators', () => {
  let daemon: FeedDaemon
  const open: FeedClient[] = []

  beforeAll(async () => {
    daemon = await startFeedDaemon({
      recording: 'first-steps',
      env: { ADMIN_TOKEN, TRUST_PROXY: '127.0.0.1' },
    })
    await daemon.indexed()
  })
  afterAll(() => daemon.close())

  async function ask(method: string, target: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${daemon.url}/admin${target}`, {
      method,
      headers: { ...BEARER, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Answer['body'] }
  }

  async function list(query = ''): Promise<Page> {
    const { status, body } = await ask('GET', `/subscriptions?${query}`)
    expect([status, body]).toEqual([200, expect.anything()])
    return body as unknown as Page
  }

  /** Every second one through the HTTP lane, because of an unusual header. */
  async function subscribe(user: string | undefined, query = 'all=true'): Promise<FeedClient> {
    const headers = {
      'X-Forwarded-For': '203.0.113.7',
      ...(user !== undefined && { 'X-Forwarded-User': user }),
      ...(open.length % 2 === 1 && { TE: 'trailers' }),
    }
    const client = await (await daemon.open(query, headers)).until(isCaughtUp)
    open.push(client)
    return client
  }

  const idOf = ({ messages }: FeedClient) => messages[0]!.data['clientId'] as string
  const end = async () => {
    for (const { socket } of open.splice(0)) socket.destroy()
    await expect.poll(daemon.stats).toMatchObject({ activeConnections: 0 })
  }

  test('each subscription is listed with its user, address, mode, filter and position', async () => {
    const before = Math.floor(Date.now() / 1_000)
    const all = await subscribe('anna')
    const some = await subscribe(undefined, 'streams=2,1&types=stream.withdrawn&cursor=earliest')
    const { data, nextCursor } = await list()
    expect(nextCursor).toBeNull()
    const common = { address: '203.0.113.7', mode: 'live', lagLedgers: 0 }
    const head = all.named('caught_up')[0]!.id
    expect(data.toSorted((a, b) => (a.user ?? '').localeCompare(b.user ?? ''))).toEqual([
      {
        ...common,
        clientId: idOf(some),
        user: null,
        filter: { streams: ['1', '2'], types: ['stream.withdrawn'] },
        cursor: head,
        openedAt: expect.any(String) as string,
      },
      {
        ...common,
        clientId: idOf(all),
        user: 'anna',
        filter: { all: true },
        cursor: head,
        openedAt: expect.any(String) as string,
      },
    ])
    for (const { openedAt } of data) {
      expect(openedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
      expect(Date.parse(openedAt) / 1_000).toBeGreaterThanOrEqual(before)
    }
    await end()
  })

  test('the list is filtered, and its pages have each subscription once', async () => {
    const users = ['anna', 'anna', 'ben', 'carl', 'dora']
    for (const user of users) await subscribe(user)
    expect((await list('user=anna')).data.map(({ user }) => user)).toEqual(['anna', 'anna'])
    expect((await list('address=203.0.113.7&mode=live')).data).toHaveLength(5)
    expect((await list('address=203.0.113.8')).data).toEqual([])
    expect((await list('mode=stalled')).data).toEqual([])
    const found: Listed[] = []
    let cursor: string | null = ''
    for (let pages = 1; cursor !== null; pages += 1) {
      const page: Page = await list(`limit=2${cursor && `&cursor=${cursor}`}`)
      found.push(...page.data)
      cursor = page.nextCursor
      expect(pages).toBeLessThanOrEqual(3)
    }
    expect(found.map(({ clientId }) => clientId).toSorted()).toEqual(open.map(idOf).toSorted())
    const opened = found.map(({ openedAt }) => openedAt)
    expect(opened).toEqual(opened.toSorted())
    await end()
  })

  test('one subscription is closed with a reason and a clean end; an unknown one is a 404', async () => {
    const [first, second] = [await subscribe('anna'), await subscribe('anna')]
    expect(await ask('DELETE', `/subscriptions/${idOf(first)}`)).toEqual({
      status: 200,
      body: { data: { closed: 1 } },
    })
    await first.until(({ ended }) => ended)
    expect(first.complete).toBe(true)
    expect(first.messages.at(-1)).toMatchObject({
      event: 'reconnect',
      data: { reason: 'closed' },
      id: undefined,
    })
    for (const id of [idOf(first), 'no-such-id', 'a%2Fb']) {
      expect((await ask('DELETE', `/subscriptions/${id}`)).status).toBe(404)
    }
    expect(second.ended).toBe(false)
    await end()
  })

  test('all subscriptions of a user are closed, and no others', async () => {
    const own = [await subscribe('anna'), await subscribe('anna', 'streams=1')]
    const other = await subscribe('ben')
    expect((await ask('GET', '/users/anna')).body.data).toEqual({
      user: 'anna',
      online: true,
      subscriptions: 2,
    })
    const { body } = await ask('DELETE', '/subscriptions?user=anna')
    expect(body).toEqual({ data: { closed: 2 } })
    for (const client of own) {
      await client.until(({ ended }) => ended)
      expect(client.messages.at(-1)?.data).toEqual({ reason: 'closed' })
    }
    expect(other.ended).toBe(false)
    expect((await ask('GET', '/users/anna')).body.data).toEqual({
      user: 'anna',
      online: false,
      subscriptions: 0,
    })
    expect((await ask('DELETE', '/subscriptions?user=anna')).body).toEqual({ data: { closed: 0 } })
    await end()
  })

  test('an announcement reaches all, or the named users, and moves no position', async () => {
    const [anna, ben, nobody] = [
      await subscribe('anna'),
      await subscribe('ben', 'streams=1'),
      await subscribe(undefined),
    ]
    const position = anna.lastId
    // Two UTF-16 units each: the limit counts characters.
    const message = '🔔'.repeat(2_000)
    const toAll = await ask('POST', '/announcements', { message, level: 'warning' })
    expect(toAll).toEqual({ status: 200, body: { data: { delivered: 3 } } })
    const toSome = { message: 'two\nlines', level: 'info', users: ['ben', 'unknown'] }
    expect((await ask('POST', '/announcements', toSome)).body).toEqual({ data: { delivered: 1 } })
    for (const client of [anna, nobody, ben]) {
      await client.until((each) => each.named('announcement').length > (each === ben ? 1 : 0))
    }
    const sent = ben.named('announcement')
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string
    expect(sent.map(({ data }) => data)).toEqual([
      { message: Buffer.from(message).toString('latin1'), level: 'warning', at },
      { message: 'two\nlines', level: 'info', at },
    ])
    for (const { event, data, id } of [...anna.named('announcement'), ...sent]) {
      expect(id).toBeUndefined()
      expect(FeedFrame.parse({ event, data })).toEqual({ event, data })
    }
    expect(anna.named('announcement')).toHaveLength(1)
    expect(anna.lastId).toBe(position)
    await end()
  })

  test.for([
    ['GET', '/subscriptions?mode=asleep', undefined, 'mode'],
    ['GET', '/subscriptions?limit=0', undefined, 'limit'],
    ['GET', '/subscriptions?limit=1001', undefined, 'limit'],
    ['GET', '/subscriptions?cursor=x', undefined, 'cursor'],
    ['GET', '/subscriptions?address=here', undefined, 'address'],
    ['GET', '/subscriptions?user=', undefined, 'user'],
    ['GET', '/subscriptions?user=a&user=b', undefined, 'user'],
    ['GET', '/subscriptions?users=a', undefined, 'users'],
    ['GET', '/users/anna?x=1', undefined, 'x'],
    ['DELETE', '/subscriptions', undefined, 'user'],
    ['DELETE', '/subscriptions?user=', undefined, 'user'],
    ['DELETE', '/subscriptions/1?user=a', undefined, 'user'],
    ['POST', '/announcements?x=1', { message: 'a', level: 'info' }, 'x'],
    ['POST', '/announcements', { message: '', level: 'info' }, 'message'],
    ['POST', '/announcements', { message: 'a'.repeat(2_001), level: 'info' }, 'message'],
    ['POST', '/announcements', { message: 1, level: 'info' }, 'message'],
    ['POST', '/announcements', { message: 'a', level: 'error' }, 'level'],
    ['POST', '/announcements', { message: 'a' }, 'level'],
    ['POST', '/announcements', { message: 'a', level: 'info', users: [] }, 'users'],
    ['POST', '/announcements', { message: 'a', level: 'info', user: 'anna' }, 'user'],
    ['POST', '/announcements', [], 'body'],
  ] as const)('%s %s: a 400 that names what is wrong', async ([method, target, sent, name]) => {
    const { status, body } = await ask(method, target, sent)
    expect([status, body.errors?.map(({ parameter }) => parameter)]).toEqual([400, [name]])
  })

  test('a body that is not JSON is refused, and a method that a path does not have', async () => {
    const post = async (body: string, type: string) => {
      const headers = { ...BEARER, 'content-type': type }
      const url = `${daemon.url}/admin/announcements`
      return (await fetch(url, { method: 'POST', headers, body })).status
    }
    expect(await post('{', 'application/json')).toBe(400)
    expect(await post('message=a&level=info', 'application/x-www-form-urlencoded')).toBe(415)
    expect(await post('a'.repeat(300_000), 'application/json')).toBe(413)
    for (const [method, path, allow] of [
      ['PUT', '/subscriptions', 'GET, HEAD, DELETE, OPTIONS'],
      ['GET', '/subscriptions/1', 'DELETE, OPTIONS'],
      ['GET', '/announcements', 'POST, OPTIONS'],
    ] as const) {
      const response = await fetch(`${daemon.url}/admin${path}`, { method, headers: BEARER })
      expect([path, response.status, response.headers.get('allow')]).toEqual([path, 405, allow])
      await response.body?.cancel()
    }
  })

  test('without the token every route is a 401', async () => {
    for (const [method, path] of [
      ['GET', '/subscriptions'],
      ['DELETE', '/subscriptions?user=a'],
      ['DELETE', '/subscriptions/1'],
      ['GET', '/users/a'],
      ['POST', '/announcements'],
    ]) {
      for (const headers of [{}, { cookie: `flowfi_token=${ADMIN_TOKEN}` }]) {
        const response = await fetch(`${daemon.url}/admin${path}`, { method: method!, headers })
        expect([path, response.status]).toEqual([path, 401])
        expect(response.headers.get('www-authenticate')).toBe('Bearer')
        await response.body?.cancel()
      }
    }
  })
})

test('with tokens, the user is the subject, and the filter is what the subject may see', async ({
  onTestFinished,
}) => {
  const daemon = await startFeedDaemon({
    recording: 'first-steps',
    env: { AUTH: 'jwt', JWT_SECRET: SECRET, ADMIN_TOKEN },
  })
  onTestFinished(daemon.close)
  const { issue } = createTokens({ secrets: [SECRET] })
  const subjects = [`G${'A'.repeat(55)}:7`, 'somebody']
  for (const subject of subjects) {
    const { token } = await issue(subject, 60)
    const headers = { authorization: `Bearer ${token}` }
    await (await daemon.open('all=true', headers)).until(isCaughtUp)
  }
  await (await daemon.open('all=true', BEARER)).until(isCaughtUp)
  const response = await fetch(`${daemon.url}/admin/subscriptions`, { headers: BEARER })
  const { data } = (await response.json()) as Page
  expect(data.map(({ user, filter }) => ({ user, filter }))).toEqual(
    expect.arrayContaining([
      ...subjects.map((user) => ({ user, filter: { users: [user] } })),
      { user: null, filter: { all: true } },
    ]),
  )
  for (const subject of subjects) {
    const url = `${daemon.url}/admin/users/${encodeURIComponent(subject)}`
    expect(await (await fetch(url, { headers: BEARER })).json()).toEqual({
      data: { user: subject, online: true, subscriptions: 1 },
    })
  }
})
