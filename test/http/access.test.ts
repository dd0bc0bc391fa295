import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StreamJson } from '../../src/http/json.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { idsOf, isCaughtUp } from '../support/feed/client.ts'
import type { FeedClient } from '../support/feed/client.ts'
import { ADMIN_TOKEN, startIssuer } from '../support/tokens.ts'
import type { Issuer } from '../support/tokens.ts'

/** Ledgers of the recording that are closed before anybody asks. */
const CLOSED = 90
const MOST_OF_A_USER = 6
const UNKNOWN_ID = '999999'

const LANES = ['lean', 'http'] as const
type Lane = (typeof LANES)[number]

interface Event {
  id: string
  transactionHash: string
  streamId?: string
  sender: string | null
  recipient: string | null
}

let issuer: Issuer
let daemons: Record<Lane, FeedDaemon>
/** Parties of the recording, and two subjects that own nothing. */
let subjects: string[]
let own: string
let tokens: Map<string, string>
let isClosed = false

beforeAll(async () => {
  issuer = await startIssuer()
  const [lean, http] = await Promise.all(
    LANES.map((FEED_LANE) =>
      startFeedDaemon({
        recording: 'quirks',
        closed: CLOSED,
        env: {
          ...issuer.env,
          FEED_LANE,
          MAX_SUBSCRIPTIONS_PER_USER: String(MOST_OF_A_USER),
          AUDIT_INTERVAL_SECONDS: '0',
        },
      }),
    ),
  )
  daemons = { lean: lean!, http: http! }
  await Promise.all(LANES.map((lane) => daemons[lane].indexed()))
  const parties = new Set(
    eventsOf(daemons.lean).flatMap(({ sender, recipient }) => [sender, recipient]),
  )
  const addresses = [...parties].filter((each) => each !== null)
  own = addresses[0]!
  subjects = [...addresses.slice(0, 10), `${own}:1`, `M${own.slice(1)}`]
  tokens = new Map(
    await Promise.all(
      subjects.map(async (subject) => [subject, await issuer.tokenOf(subject)] as const),
    ),
  )
})
afterAll(async () => {
  await closeAll()
  issuer.close()
})

async function closeAll(): Promise<void> {
  if (isClosed) return
  isClosed = true
  await Promise.all(LANES.map((lane) => daemons[lane].close()))
}

function eventsOf(daemon: FeedDaemon): Event[] {
  return daemon.log().map(({ data }) => JSON.parse(data) as Event)
}

function isOf(
  subject: string,
): (each: { sender: string | null; recipient: string | null }) => boolean {
  return ({ sender, recipient }) => sender === subject || recipient === subject
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })

function ask(path: string, token: string | undefined, method = 'GET'): Promise<Response> {
  const headers = token === undefined ? {} : bearer(token)
  // What a redirect leads to has a path of its own.
  return fetch(daemons.lean.url + path, { method, headers, redirect: 'manual' })
}

async function json<T>(path: string, token: string | undefined): Promise<T> {
  const response = await ask(path, token)
  const text = await response.text()
  expect(response.status, `${path}: ${text}`).toBe(200)
  return JSON.parse(text) as T
}

/** Every route that the daemon describes, with samples for its path. */
async function routes(): Promise<{ method: string; path: string }[]> {
  const { paths } = await json<{ paths: Record<string, object> }>('/openapi.json', undefined)
  const samples: Record<string, string> = { id: '1', address: own, key: own, hash: 'a'.repeat(64) }
  return Object.entries(paths).flatMap(([template, methods]) => {
    const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => samples[name] ?? 'x')
    return Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path }))
  })
}

const FREE =
  /^\/($|(health|ready|status|metrics|events\/stats|openapi\.json|auth|docs)$|docs\/|assets\/|\.well-known\/|(api\/)?(v1\/)+(health|events\/stats)$)/
const FOR_ADMINISTRATORS = /^\/(audit$|(v1\/)?admin\/)/

describe('tokens', () => {
  test('no route but the free ones answers without a valid token, whatever else is wrong', async () => {
    const bad = Object.entries({ 'no token': undefined, ...(await issuer.bad(own)) })
    const all = await routes()
    expect(all.map(({ path }) => path)).toContain('/events/subscribe')
    for (const { method, path } of all) {
      const answers = await Promise.all(
        bad.map(async ([kind, token]) => {
          const response = await ask(`${path}?nonsense=1`, token, method)
          await response.body?.cancel()
          const challenge = response.headers.get('www-authenticate')
          return [method, path, kind, response.status === 401 && challenge]
        }),
      )
      const expected = FREE.test(path) ? false : 'Bearer'
      expect(answers).toEqual(bad.map(([kind]) => [method, path, kind, expected]))
    }
  })

  test('only administrators use the routes for them, and they use every route', async () => {
    const admins = Object.values(await issuer.admins())
    const others = [tokens.get(own)!, await issuer.tokenOf(own, { scope: 'events:all' })]
    for (const { method, path } of await routes()) {
      const statuses = async (given: readonly string[]) =>
        Promise.all(
          given.map(async (token) => {
            const response = await ask(`${path}?nonsense=1`, token, method)
            await response.body?.cancel()
            return response.status
          }),
        )
      const [refused, allowed] = [await statuses(others), await statuses(admins)]
      const isForAdministrators = FOR_ADMINISTRATORS.test(path)
      expect([path, refused.map((status) => status === 403)]).toEqual([
        path,
        refused.map(() => isForAdministrators),
      ])
      // ADMIN_TOKEN is no user.
      const most = path === '/v1/users/me' ? 1 : 0
      const { length } = allowed.filter((status) => [401, 403].includes(status))
      expect([path, length <= most]).toEqual([path, true])
    }
  })

  test('are taken from the header, then the cookie; a bad one is not replaced by a good one', async () => {
    const good = tokens.get(own)!
    const status = async (headers: Record<string, string>, path = '/events', method = 'GET') =>
      (await fetch(daemons.lean.url + path, { method, headers })).status
    const cookie = { Cookie: `a=b; flowfi_token=${good}` }
    expect(await status(bearer(good))).toBe(200)
    expect(await status(cookie)).toBe(200)
    expect(await status({ ...cookie, ...bearer('abc') })).toBe(401)
    expect(await status({ Cookie: 'flowfi_token=abc', ...bearer(good) })).toBe(200)
    // Only the feed takes a token in the query, and nothing that changes something takes a cookie.
    expect(await status({}, `/events?token=${good}`)).toBe(401)
    expect(await status(cookie, '/auth/ticket', 'POST')).toBe(401)
    expect(await status(bearer(good), '/auth/ticket', 'POST')).toBe(200)
  })
})

describe.each(LANES)('the feed (%s lane)', (lane) => {
  const open = (query: string, headers?: Record<string, string>) =>
    daemons[lane].open(query, headers)
  const answered = (client: FeedClient) =>
    client.until(({ ended, messages }) => messages.length > 0 || ended)
  const statusOf = async (query: string, headers?: Record<string, string>) => {
    const client = await answered(await open(query, { ...headers, Connection: 'close' }))
    client.socket.destroy()
    return client.head!.status
  }

  async function ticketOf(headers: Record<string, string>) {
    const answer = await fetch(`${daemons[lane].url}/auth/ticket`, { method: 'POST', headers })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const { data } = (await answer.json()) as { data: { ticket: string; expiresAt: string } }
    return data
  }

  test('answers 401 without a valid token, in a header, a cookie or the query', async () => {
    for (const [kind, token] of Object.entries(await issuer.bad(own))) {
      const encoded = encodeURIComponent(token)
      const statuses = await Promise.all([
        statusOf('all=true', bearer(token)),
        statusOf('all=true', { Cookie: `flowfi_token=${token}` }),
        statusOf(`all=true&token=${encoded}`),
        statusOf(`all=true&access_token=${encoded}`),
        statusOf(`all=true&ticket=${encoded}`),
        statusOf('all=maybe', bearer(token)),
      ])
      expect([kind, ...statuses]).toEqual([kind, 401, 401, 401, 401, 401, 401])
    }
    expect(await statusOf('all=true')).toBe(401)
  })

  test('takes a token from the header, the cookie and the query', async () => {
    const token = tokens.get(own)!
    expect(await statusOf('all=true', bearer(token))).toBe(200)
    expect(await statusOf('all=true', { Cookie: `flowfi_token=${token}` })).toBe(200)
    expect(await statusOf(`all=true&token=${token}`)).toBe(200)
    expect(await statusOf(`all=true&access_token=${token}`)).toBe(200)
    expect(await statusOf(`all=true&token=${token}`, bearer('abc'))).toBe(401)
    expect(await statusOf(`all=true&token=${token}&token=${token}`)).toBe(400)
    expect(await statusOf(`all=maybe&token=${token}`)).toBe(400)
  })

  test('takes a ticket once, as the subject that asked for it', async () => {
    const data = await ticketOf(bearer(tokens.get(own)!))
    const seconds = (Date.parse(data.expiresAt) - Date.now()) / 1_000
    expect(seconds).toBeGreaterThan(30)
    expect(seconds).toBeLessThanOrEqual(60)
    const client = await open(`all=true&cursor=earliest&ticket=${data.ticket}`)
    await client.until(isCaughtUp)
    client.socket.destroy()
    const expected = eventsOf(daemons[lane]).filter(isOf(own))
    expect(idsOf(client)).toEqual(expected.map(({ id }) => id))
    expect(await statusOf(`all=true&ticket=${data.ticket}`)).toBe(401)
  })

  test('ends a subscription when its token expires, also one that was admitted a little later', async () => {
    /** On a busy machine it comes too late, and is refused: then it asks with another token. */
    const admitted = async (seconds: number): Promise<FeedClient> => {
      const exp = Math.floor(Date.now() / 1_000) + seconds
      const token = await issuer.tokenOf(own, { exp })
      const client = await open('all=true', bearer(token))
      await client.until(({ head }) => head !== undefined)
      if (client.head!.status === 200) return client
      expect(client.head!.status).toBe(401)
      client.socket.destroy()
      return admitted(seconds)
    }
    const clients = await Promise.all([1, -29].map(admitted))
    for (const client of clients) {
      await client.until(({ ended }) => ended)
      expect(client.complete).toBe(true)
      expect(client.messages.at(-1)).toMatchObject({
        event: 'reconnect',
        data: { reason: 'token_expired' },
      })
    }
  })

  test('counts the subscriptions of a subject, whatever its token', async () => {
    const claims = (at: number) => ({ jti: String(at) })
    const clients = await Promise.all(
      Array.from({ length: MOST_OF_A_USER }, async (_, at) =>
        answered(await open('all=true', bearer(await issuer.tokenOf('one of many', claims(at))))),
      ),
    )
    expect(clients.map(({ head }) => head!.status)).toEqual(clients.map(() => 200))
    const last = bearer(await issuer.tokenOf('one of many', {}))
    expect(await statusOf('all=true', last)).toBe(429)
    expect(await statusOf('all=true&overload=retry', last)).toBe(200)
    expect(await statusOf(`all=true&ticket=${(await ticketOf(last)).ticket}`)).toBe(429)
    expect(await statusOf('all=true', bearer(tokens.get(own)!))).toBe(200)
    for (const { socket } of clients) socket.destroy()
  })
})

describe('without AUTH=jwt', () => {
  let daemon: FeedDaemon
  const statusOf = async (path: string, token?: string, method = 'GET') => {
    const headers = token === undefined ? {} : bearer(token)
    const response = await fetch(daemon.url + path, { method, headers })
    await response.body?.cancel()
    return response.status
  }

  beforeAll(async () => {
    daemon = await startFeedDaemon({ recording: 'first-steps', env: { ADMIN_TOKEN } })
  })
  afterAll(() => daemon.close())

  test('tokens do not matter, and there are no tickets', async () => {
    for (const token of [undefined, 'abc', ADMIN_TOKEN]) {
      expect(await statusOf('/events', token)).toBe(200)
      expect(await statusOf('/audit', token)).toBe(200)
      expect(await statusOf('/events/subscribe?all=true&token=abc&ticket=abc', token)).toBe(200)
      expect(await statusOf('/auth/ticket', token, 'POST')).toBe(404)
    }
    expect(await statusOf('/events?token=abc')).toBe(400)
  })

  test('the routes for administrators need ADMIN_TOKEN', async () => {
    expect(await statusOf('/admin/x')).toBe(401)
    expect(await statusOf('/admin/x', `${ADMIN_TOKEN}x`)).toBe(401)
    expect(await statusOf('/admin/x', ADMIN_TOKEN)).toBe(404)
  })
})

describe('a moving log', () => {
  const subscriptions: { client: FeedClient; expected: () => string[] }[] = []

  /** Opens it, and says which events of the whole log it must bring, from its position on. */
  async function subscribe(
    daemon: FeedDaemon,
    { token, query, matches }: { token: string; query: string; matches(event: Event): boolean },
  ): Promise<void> {
    const isReplay = query.includes('cursor=earliest')
    const seen = isReplay ? 0 : eventsOf(daemon).length
    const client = await daemon.open(query, bearer(token))
    const expected = () =>
      eventsOf(daemon)
        .slice(seen)
        .filter(matches)
        .map(({ id }) => id)
    subscriptions.push({ client, expected })
  }

  test('P6: each subject gets exactly its own events, in replay and live, in both lanes', async () => {
    for (const daemon of Object.values(daemons)) {
      const events = eventsOf(daemon)
      for (const subject of subjects) {
        const token = tokens.get(subject)!
        const other = subjects.find((each) => each !== subject)!
        const foreign = events.find((event) => event.streamId && !isOf(subject)(event))!.streamId!
        const mine = events.find(isOf(subject))?.streamId ?? '1'
        const ofStreams = ({ streamId = '' }: Event) => [foreign, mine].includes(streamId)
        const all = isOf(subject)
        await Promise.all([
          subscribe(daemon, { token, query: 'all=true&cursor=earliest', matches: all }),
          subscribe(daemon, { token, query: 'all=true&cursor=now', matches: all }),
          subscribe(daemon, {
            token,
            query: `users=${other}&cursor=earliest`,
            matches: (event) => all(event) && isOf(other)(event),
          }),
          subscribe(daemon, {
            token,
            query: `streams=${foreign},${mine}&cursor=earliest`,
            matches: (event) => all(event) && ofStreams(event),
          }),
          subscribe(daemon, {
            token,
            query: 'types=stream.created,protocol.initialized,unrecognised&cursor=earliest',
            matches: (event) => all(event) && 'type' in event && event.type === 'stream.created',
          }),
        ])
      }
      const token = await issuer.tokenOf('somebody', { scope: 'events:all' })
      await subscribe(daemon, { token, query: 'all=true&cursor=earliest', matches: () => true })
    }
    await Promise.all(subscriptions.map(({ client }) => client.until(isCaughtUp)))
    for (const daemon of Object.values(daemons)) daemon.simulator.closeNext(1_000)
    await Promise.all(LANES.map((lane) => daemons[lane].indexed()))
    await Promise.all(
      subscriptions.map(({ client, expected }) => {
        const { length } = expected()
        return client.until((each) => each.events().length >= length)
      }),
    )
  })

  test('each subject sees exactly its own streams and events in REST, and nothing of others', async () => {
    const { data: all } = await json<{ data: StreamJson[] }>('/streams?limit=200', ADMIN_TOKEN)
    const events = eventsOf(daemons.lean)
    const paths = (await routes()).filter(
      ({ method, path }) => method === 'GET' && !FREE.test(path) && !FOR_ADMINISTRATORS.test(path),
    )
    for (const subject of subjects) {
      const token = tokens.get(subject)!
      const [ownStreams, ownEvents] = [all.filter(isOf(subject)), events.filter(isOf(subject))]
      const streams = await json<{ data: StreamJson[] }>('/streams?limit=200', token)
      expect(streams.data).toEqual(ownStreams)
      const log = await json<{ data: Event[] }>('/events?limit=1000', token)
      expect(log.data).toEqual(ownEvents)

      const foreign = all.find((stream) => !isOf(subject)(stream))!
      const known = new Set([
        subject,
        own,
        'a'.repeat(64),
        ...secretsIn(JSON.stringify([ownStreams, ownEvents])),
      ])
      const texts = await Promise.all(
        [
          // The description of the API, to which some paths lead, has examples of its own.
          ...paths.map(({ path }) => path).filter((path) => !/subscribe|api-docs/.test(path)),
          `/users/${foreign.sender}/summary`,
          `/streams?user=${foreign.sender}`,
          `/users/${foreign.sender}/streams`,
          `/users/${foreign.sender}/events`,
          `/streams?streams=${all.map(({ streamId }) => streamId).join(',')}`,
          `/events?users=${foreign.recipient}`,
        ].map(async (path) => (await ask(path, token)).text()),
      )
      const revealed = secretsIn(texts.join()).filter((each) => !known.has(each))
      expect(revealed.filter((each) => each !== foreign.sender)).toEqual([])
    }
  })

  test("another's stream is the same as one that does not exist", async () => {
    const { data: all } = await json<{ data: StreamJson[] }>('/streams?limit=200', ADMIN_TOKEN)
    for (const subject of [own, subjects.at(-1)!]) {
      const token = tokens.get(subject)!
      const foreign = all.find((stream) => !isOf(subject)(stream))!
      const then = `?ledger=${foreign.updatedLedger}`
      for (const suffix of ['', then, '?ledger=1', '/events', '/claimable', '/explain']) {
        const answers = await Promise.all(
          [foreign.streamId, UNKNOWN_ID].map(async (id) => {
            const response = await ask(`/streams/${id}${suffix}`, token)
            expect(response.headers.get('cache-control') ?? '').not.toContain('public')
            return [response.status, (await response.text()).replaceAll(id, 'ID')]
          }),
        )
        expect(answers[0]).toEqual(answers[1])
        expect(answers[0]![0]).toBe(404)
      }
      for (const suffix of ['', '/events', '/claimable']) {
        const answers = await Promise.all(
          [foreign.streamId, UNKNOWN_ID].map(async (id) => {
            const response = await ask(`/v1/streams/${id}${suffix}`, token)
            return [response.status, await response.text()]
          }),
        )
        expect(answers[0]).toEqual(answers[1])
      }
    }
  })

  test('each subject sees exactly its own in exports, sums, transactions, and lists of others', async () => {
    const { data: all } = await json<{ data: StreamJson[] }>('/streams?limit=200', ADMIN_TOKEN)
    const events = eventsOf(daemons.lean)
    for (const [subject, token] of tokens) {
      const [ownStreams, ownEvents] = [all.filter(isOf(subject)), events.filter(isOf(subject))]
      const response = await ask('/events?format=ndjson', token)
      expect(response.headers.get('cache-control') ?? '').not.toContain('public')
      const lines = (await response.text()).split('\n').filter((line) => line !== '')
      expect(lines.map((line) => JSON.parse(line) as Event)).toEqual(ownEvents)
      const csv = await (await ask('/events?format=csv', token)).text()
      expect(csv.trimEnd().split('\n')).toHaveLength(ownEvents.length + 1)
      const page = await ask('/events?limit=1', token)
      expect(page.headers.get('cache-control') ?? '').not.toContain('public')

      const { data } = await json<{ data: { tokens: { streams: number }[] } }>('/summary', token)
      expect(data.tokens.reduce((sum, { streams }) => sum + streams, 0)).toBe(ownStreams.length)

      const { transactionHash } = events.find((event) => event.sender && !isOf(subject)(event))!
      const ofTransaction = ownEvents.filter((event) => event.transactionHash === transactionHash)
      const transaction = await json<{ data: Event[] }>(`/transactions/${transactionHash}`, token)
      expect(transaction.data).toEqual(ofTransaction)

      const other = all.find((stream) => !isOf(subject)(stream))!.sender
      const theirs = await json<{ data: Event[] }>(`/users/${other}/events?limit=1000`, token)
      expect(theirs.data).toEqual(ownEvents.filter(isOf(other)))
      const shared = await json<{ data: StreamJson[] }>(`/users/${other}/streams?limit=200`, token)
      expect(shared.data).toEqual(ownStreams.filter(isOf(other)))
    }
  })

  test('the summary of another user adds up what lies between the two', async () => {
    const { data: all } = await json<{ data: StreamJson[] }>('/streams?limit=200', ADMIN_TOKEN)
    const { sender, recipient } = all.find((stream) => stream.recipient === own)!
    const shared = all.filter((stream) => isOf(own)(stream) && isOf(sender)(stream))
    expect(recipient).toBe(own)
    interface Side {
      streams: number
      depositedAmount: string
      claimableAmount: string
    }
    const { data } = await json<{
      data: { tokens: { tokenAddress: string; incoming: Side; outgoing: Side }[] }
    }>(`/users/${sender}/summary`, tokens.get(own))
    const sumOf = (some: StreamJson[], field: 'depositedAmount' | 'claimableAmount') =>
      some.reduce((sum, stream) => sum + BigInt(stream[field]), 0n).toString()
    const tokensOf = new Set(shared.map(({ tokenAddress }) => tokenAddress))
    expect(data.tokens.map(({ tokenAddress }) => tokenAddress)).toEqual([...tokensOf].toSorted())
    for (const { tokenAddress, incoming, outgoing } of data.tokens) {
      const inToken = shared.filter((stream) => stream.tokenAddress === tokenAddress)
      const sides = [
        [incoming, inToken.filter((stream) => stream.recipient === sender)],
        [outgoing, inToken.filter((stream) => stream.sender === sender)],
      ] as const
      for (const [side, some] of sides) {
        expect(side).toMatchObject({
          streams: some.length,
          depositedAmount: sumOf(some, 'depositedAmount'),
          claimableAmount: sumOf(some, 'claimableAmount'),
        })
      }
    }
  })

  test('P6: after the last ledger no subscription has got anything else', async () => {
    const expected = subscriptions.map((each) => each.expected())
    await closeAll()
    await Promise.all(subscriptions.map(({ client }) => client.until(({ ended }) => ended)))
    expect(subscriptions.map(({ client }) => idsOf(client))).toEqual(expected)
  })
})

/** Addresses and hashes. */
function secretsIn(text: string): string[] {
  return text.match(/\b[GCM][A-Z2-7]{55}\b|\b[0-9a-f]{64}\b/g) ?? []
}
