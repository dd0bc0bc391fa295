import { execFileSync } from 'node:child_process'
import { Keypair, TransactionBuilder } from '@stellar/stellar-sdk/base'
import Database from 'better-sqlite3'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { environment, getJson, indexed, simulate } from '../support/daemon.ts'
import { isCaughtUp, openClient, subscribe, subscribeRequest } from '../support/feed/client.ts'
import type { Message } from '../support/feed/client.ts'
import {
  launch,
  launchServer,
  run,
  servedAt,
  takenPort,
  temporaryFolder,
} from '../support/process.ts'
import { lastLedger, recordedIds } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'
import { until } from '../support/until.ts'
import { ADMIN_TOKEN, SECRET } from '../support/tokens.ts'

/** Several processes on one database and one port, as an operator starts them. */

const recording = await loadRecording('quirks')
const LAST = lastLedger(recording)
const ids = recordedIds(recording)

interface Stats {
  activeConnections: number
  maxConnections: number
  live: number
}

const stopping = new Set<AbortController>()
afterEach(() => {
  for (const each of stopping) each.abort()
  stopping.clear()
})

const statsOf = (url: string) => getJson<Stats>(`${url}/events/stats`)

/** Follows the feed until the test is over. It reconnects with the last id when it is cut. */
function follow(url: string, lastEventId?: string) {
  const stop = new AbortController()
  stopping.add(stop)
  const frames: Message[] = []
  let last = lastEventId
  async function read(): Promise<void> {
    while (!stop.signal.aborted) {
      const headers: Record<string, string> = last === undefined ? {} : { 'Last-Event-ID': last }
      try {
        const target = `${url}/events/subscribe?all=true&cursor=earliest`
        for await (const frame of subscribe(target, stop.signal, headers)) {
          frames.push(frame)
          last = frame.id ?? last
        }
      } catch {
        // Cut or refused: it reconnects.
      }
    }
  }
  void read()
  return {
    frames,
    events: () => frames.flatMap(({ event, id }) => (/\./.test(event) ? id! : [])),
  }
}

async function setUp(closed: number) {
  const simulator = await simulate(recording, { speed: 0, closed })
  const env = environment(recording, {
    rpcUrl: simulator.url,
    databasePath: `${await temporaryFolder()}/shared.db`,
  })
  return { simulator, env }
}

async function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, { headers: { connection: 'close', ...headers } })
  await response.body?.cancel()
  return response.status
}

function childrenOf({ pid }: { pid: number }): number[] {
  return execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .split('\n')
    .map(Number)
    .filter((child) => child > 0)
}

/** Signs a challenge, and sends it several times over connections of their own: one is answered. */
async function tokenByChallenge(url: string): Promise<string> {
  const user = Keypair.random()
  const challenge = await fetch(`${url}/auth?account=${user.publicKey()}`)
  const given = (await challenge.json()) as { transaction: string }
  const signed = TransactionBuilder.fromXDR(given.transaction, recording.header.network.passphrase)
  signed.sign(user)
  const body = new URLSearchParams({ transaction: signed.toXDR() })
  const headers = { connection: 'close' }
  const answers = await Promise.all(
    [1, 2, 3, 4, 5, 6].map(() => fetch(`${url}/auth`, { method: 'POST', body, headers })),
  )
  const [accepted, ...others] = answers.toSorted((a, b) => a.status - b.status)
  expect(others.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400])
  return ((await accepted!.json()) as { token: string }).token
}

describe('start --workers', () => {
  test('P6: subscriptions are spread over workers, statistics are totals, and a dead worker is replaced', async () => {
    const { simulator, env } = await setUp(20)
    const daemon = await launchServer(['start', '--workers', '2'], {
      ...env,
      ADMIN_TOKEN,
      MAX_SUBSCRIPTIONS: '100',
    })
    const { url } = daemon
    await indexed(url, simulator.latestLedger())
    const clients = Array.from({ length: 24 }, () => follow(url))
    await expect
      .poll(() => statsOf(url))
      .toMatchObject({ activeConnections: 24, maxConnections: 100, live: 24 })
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toMatch(/^flowfi_subscriptions\{mode="live"\} 24$/m)
    expect(metrics).toMatch(
      new RegExp(`^flowfi_checkpoint_ledger ${simulator.latestLedger()}$`, 'm'),
    )
    expect(metrics).toMatch(/^flowfi_pages_total [1-9]/m)

    // A worker asks the process that indexes, which reads the chain.
    const token = recording.header.contractId
    expect(await getJson(`${url}/tokens/${token}`)).toMatchObject({ data: { symbol: null } })

    const [victim = 0, other = 0] = childrenOf(daemon)
    process.kill(victim, 'SIGKILL')
    simulator.closeNext(40)
    await daemon.wrote(/worker ended, starting another/)
    await expect.poll(() => childrenOf(daemon).filter((pid) => pid !== victim).length).toBe(2)
    expect(childrenOf(daemon)).toContain(other)
    simulator.closeNext(1_000)
    for (const client of clients) {
      await expect.poll(() => client.events().length).toBe(ids.length)
      expect(client.events()).toEqual(ids)
    }
    await expect
      .poll(() => getJson(`${url}/status`))
      .toMatchObject({ endpoints: [{ state: 'ok', latestLedger: LAST }] })
    expect((await fetch(`${url}/ready`)).status).toBe(200)
    // The new worker serves, too.
    await expect.poll(() => statsOf(url)).toMatchObject({ maxConnections: 100 })
    // A worker that hangs is not left out of what operators see, and does not delay the end.
    process.kill(other, 'SIGSTOP')
    // A stopped process sees neither the end of its supervisor nor SIGTERM.
    onTestFinished(() => killIfAlive(other))
    const asking = new AbortController()
    const answers = Array.from({ length: 16 }, () =>
      fetch(`${url}/admin/subscriptions`, {
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, connection: 'close' },
        signal: asking.signal,
      }),
    )
    const { status, headers } = await Promise.any(answers)
    expect([status, headers.get('retry-after')]).toEqual([503, '2'])
    asking.abort()
    await Promise.allSettled(answers)
    await daemon.stop()
  })

  test('P8: the limits of requests of an address, and of subscriptions, count over all workers', async () => {
    const { env } = await setUp(5)
    const daemon = await launchServer(['start', '--workers', '2'], {
      ...env,
      RATE_LIMIT_PER_MINUTE: '10',
      TRUST_PROXY: '127.0.0.1,::1',
      MAX_SUBSCRIPTIONS_PER_USER: '5',
      MAX_SUBSCRIPTIONS_PER_ADDRESS: '7',
    })
    // Each request has its own connection; the system spreads connections over the workers.
    const ask = async () => {
      const { status } = await fetch(`${daemon.url}/streams`, { headers: { connection: 'close' } })
      return status
    }
    const began = performance.now()
    const statuses = await Promise.all(Array.from({ length: 40 }, ask))
    // One more is allowed every six seconds.
    const most = 10 + Math.ceil((performance.now() - began) / 6_000)
    const answered = statuses.filter((status) => status === 200).length
    expect(answered).toBeGreaterThanOrEqual(10)
    expect(answered).toBeLessThanOrEqual(most)
    expect(statuses.filter((status) => status === 429)).toHaveLength(40 - answered)

    /** Every second one comes through the HTTP lane, because of an unusual header. */
    const subscribeAs = async (user: string, at: number) => {
      const headers = {
        'X-Forwarded-For': '192.0.2.1',
        'X-Forwarded-User': user,
        ...(at % 2 === 1 && { TE: 'trailers' }),
      }
      const request = subscribeRequest(`${daemon.url}/events/subscribe?all=true`, headers)
      const client = await openClient(daemon.url, request)
      return client.until(({ head, ended }) => head !== undefined || ended)
    }
    const subscribeAll = async (user: string, count: number) => {
      const all = await Promise.all(Array.from({ length: count }, (_, at) => subscribeAs(user, at)))
      return Object.groupBy(all, ({ head }) => String(head?.status))
    }
    const { 200: taken = [], 429: over } = await subscribeAll('anna', 20)
    expect([taken.length, over?.length]).toEqual([5, 15])
    const others = await subscribeAll('ben', 10)
    expect([others[200]?.length, others[429]?.length]).toEqual([2, 8])
    // What a client leaves, or a worker that has died held, is free again.
    taken[0]?.socket.destroy()
    await until(async () => (await subscribeAs('anna', 0)).head?.status === 200)
    for (const pid of childrenOf(daemon)) process.kill(pid, 'SIGKILL')
    await until(async () => {
      const again = await subscribeAll('anna', 1).catch(() => undefined)
      return again?.[200] !== undefined
    })
    await daemon.stop()
  })

  test('a challenge and a ticket of one worker work once at any worker, and no secret is logged', async () => {
    const { env } = await setUp(5)
    const signingKey = Keypair.random().secret()
    const program = launch(['start', '--workers', '2'], {
      ...env,
      AUTH: 'jwt',
      JWT_SECRET: SECRET,
      ADMIN_TOKEN,
      LOG_LEVEL: 'trace',
      SEP10_SIGNING_KEY: signingKey,
      HOME_DOMAIN: 'flow.example.com',
    })
    const url = await servedAt(program)
    const token = await tokenByChallenge(url)
    const headers = { authorization: `Bearer ${token}`, connection: 'close' }
    const tickets: string[] = []
    // Each request has its own connection; the system spreads connections over the workers.
    for (let round = 0; round < 4; round += 1) {
      const issued = await fetch(`${url}/auth/ticket`, { method: 'POST', headers })
      const { data } = (await issued.json()) as { data: { ticket: string } }
      const target = `${url}/events/subscribe?all=true&ticket=${data.ticket}`
      const statuses = await Promise.all([1, 2, 3].map(() => statusOf(target)))
      expect(statuses.toSorted()).toEqual([200, 401, 401])
      tickets.push(data.ticket)
    }
    expect(await statusOf(`${url}/events/subscribe?all=true&token=${token}&types=x`)).toBe(400)
    expect(await statusOf(`${url}/audit`, { authorization: `Bearer ${ADMIN_TOKEN}` })).toBe(200)
    program.kill('SIGTERM')
    const { out, err } = await program.ended
    for (const secret of [token, SECRET, ADMIN_TOKEN, signingKey, ...tickets]) {
      expect((out + err).includes(secret)).toBe(false)
    }
  })

  test('operators see, announce to and close the subscriptions of all workers, and the log says so', async () => {
    const { simulator, env } = await setUp(5)
    const daemon = await launchServer(['start', '--workers', '2'], {
      ...env,
      ADMIN_TOKEN,
      TRUST_PROXY: '127.0.0.1,::1',
    })
    await indexed(daemon.url, simulator.latestLedger())
    const open = (user: string) => {
      const headers = { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-User': user }
      const request = subscribeRequest(`${daemon.url}/events/subscribe?all=true`, headers)
      return openClient(daemon.url, request)
    }
    const users = Array.from({ length: 16 }, (_, at) => (at < 12 ? 'anna' : 'ben'))
    const clients = await Promise.all(users.map(open))
    for (const client of clients) await client.until(isCaughtUp)
    // A new connection each time: any worker answers for all.
    const ask = async (method: string, target: string, body?: object) => {
      const authorization = `Bearer ${ADMIN_TOKEN}`
      const headers = { authorization, connection: 'close', 'content-type': 'application/json' }
      const sent = body && { body: JSON.stringify(body) }
      const response = await fetch(`${daemon.url}/admin${target}`, { method, headers, ...sent })
      return (await response.json()) as { data: unknown; nextCursor: string | null }
    }

    const listed: unknown[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page = await ask('GET', `/subscriptions?limit=5${cursor && `&cursor=${cursor}`}`)
      listed.push(...(page.data as { clientId: string }[]).map(({ clientId }) => clientId))
      cursor = page.nextCursor
    }
    const names = clients.map(({ messages }) => messages[0]!.data['clientId'] as string)
    expect(listed.toSorted()).toEqual(names.toSorted())

    const message = { message: 'maintenance at noon', level: 'warning' }
    expect(await ask('POST', '/announcements', message)).toEqual({ data: { delivered: 16 } })
    for (const client of clients)
      await client.until((each) => each.named('announcement').length > 0)

    const last = names.at(-1)!
    expect(await ask('DELETE', `/subscriptions/${last}`)).toEqual({ data: { closed: 1 } })
    expect(await ask('DELETE', '/subscriptions?user=anna')).toEqual({ data: { closed: 12 } })
    for (const client of [...clients.slice(0, 12), clients.at(-1)!]) {
      await client.until(({ ended }) => ended)
      expect(client.messages.at(-1)?.data).toEqual({ reason: 'closed' })
    }
    const v1 = await fetch(`${daemon.url}/api/v1/admin/metrics?token=${ADMIN_TOKEN}`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, connection: 'close' },
    })
    expect(v1.status).toBe(200)
    const presence = { user: 'ben', online: true, subscriptions: 3 }
    expect(await ask('GET', '/users/ben')).toEqual({ data: presence })
    await daemon.stop()

    const uses = daemon
      .out()
      .split('\n')
      .filter((line) => line.includes('used by an administrator'))
      .map((line) => JSON.parse(line) as object)
    expect(uses).toHaveLength(9)
    expect(uses).toContainEqual(
      expect.objectContaining({ method: 'GET', target: '/v1/admin/metrics', status: 200 }),
    )
    expect(uses).toContainEqual(
      expect.objectContaining({
        subject: 'ADMIN_TOKEN',
        address: '127.0.0.1',
        method: 'DELETE',
        target: '/admin/subscriptions?user=anna',
        status: 200,
        closed: 12,
      }),
    )
    expect(daemon.out()).not.toContain(ADMIN_TOKEN)
  })

  test('no worker stays behind when the supervisor is killed', async () => {
    const { env } = await setUp(5)
    const daemon = await launchServer(['start', '--workers', '2'], env)
    const workers = childrenOf(daemon)
    expect(workers).toHaveLength(2)
    daemon.kill('SIGKILL')
    await daemon.ended
    await expect.poll(() => workers.filter(isAlive)).toEqual([])
  })
})

function killIfAlive(pid: number): void {
  if (isAlive(pid)) process.kill(pid, 'SIGKILL')
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('serve', () => {
  test('serve shares database and port with start, follows its commits, and is not ready without it', async () => {
    const { simulator, env } = await setUp(20)
    const shared = { ...env, SHARE_PORT: 'true', TIP_STALL_SECONDS: '2' }
    const writer = await launchServer(['start'], shared)
    await indexed(writer.url, simulator.latestLedger())
    const reader = await launchServer(['serve'], {
      ...shared,
      CONTRACT_ID: '',
      PORT: new URL(writer.url).port,
    })
    expect(reader.url).toBe(writer.url)
    await writer.stop()
    // New connections reach the process that is left.
    const client = follow(reader.url)
    await expect.poll(() => client.frames.some(({ event }) => event === 'caught_up')).toBe(true)
    const ready = async () => (await fetch(`${reader.url}/ready`)).status
    await expect.poll(ready).toBe(503)
    const again = await launchServer(['start'], env)
    // It is ready only while the tip moves.
    const readyAfterALedger = async () => {
      const { tip } = await getJson<{ tip: { ledger: number } | null }>(`${reader.url}/status`)
      // One after the other: a slow start must not use up the recording.
      if ((tip?.ledger ?? 0) >= simulator.latestLedger()) simulator.closeNext()
      return ready()
    }
    await expect.poll(readyAfterALedger, { interval: 100 }).toBe(200)
    simulator.closeNext(1_000)
    await expect.poll(() => client.events().length).toBe(ids.length)
    expect(client.events()).toEqual(ids)
    for (const path of ['/status', '/audit', '/streams', '/events', '/metrics']) {
      expect([path, (await fetch(reader.url + path)).status]).toEqual([path, 200])
    }
    const unread = await fetch(`${reader.url}/tokens/${recording.header.contractId}`)
    expect(unread.status).toBe(503)
    await again.stop()
    await reader.stop()
  })

  test('P5: subscribers of serve get a reset when another process has repaired streams', async () => {
    const { env } = await setUp(LAST)
    expect(await run(['sync'], env)).toMatchObject({ code: 0 })
    const reader = await launchServer(['serve'], env)
    const client = follow(reader.url)
    await expect.poll(() => client.frames.some(({ event }) => event === 'caught_up')).toBe(true)
    const sqlite = new Database(env['DATABASE_PATH'])
    sqlite.exec("update streams set withdrawn_amount = '3' where stream_id = 1")
    sqlite.close()
    expect(await run(['audit', '--repair'], env)).toMatchObject({ code: 0 })
    const resets = () => client.frames.filter(({ event }) => event === 'reset')
    await expect.poll(resets).toMatchObject([{ data: { reason: 'gap' } }])
    await reader.stop()
  })

  test('serve refuses a missing database, one of another contract, and a taken port, and says what to do', async () => {
    const { env } = await setUp(5)
    const none = await run(['serve'], env)
    expect(none).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no database at/) as string,
    })
    const synced = await run(['sync'], env)
    expect(synced.code).toBe(0)
    const { contractId } = (await loadRecording('busy')).header
    const other = await run(['serve'], { ...env, CONTRACT_ID: contractId })
    expect(other).toMatchObject({
      code: 2,
      err: expect.stringMatching(/belongs to the contract/) as string,
    })
    const port = await takenPort()
    for (const args of [['serve'], ['start', '--workers', '2']]) {
      const refused = await run(args, { ...env, PORT: String(port) })
      expect(refused).toMatchObject({
        code: 2,
        err: expect.stringMatching(
          new RegExp(`port ${port}.* is taken by another program`),
        ) as string,
      })
    }
  })
})
