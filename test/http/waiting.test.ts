import { SignJWT } from 'jose'
import { expect, test } from 'vitest'
import type { AsOf } from '../../src/http/json.ts'
import { getJson, indexed, setUp } from '../support/daemon.ts'
import type { Answer } from '../support/daemon.ts'
import { loadRecording } from '../support/recordings.ts'
import { until } from '../support/until.ts'

const recording = await loadRecording('first-steps')
const { contractId, firstLedger: FIRST } = recording.header
const events = recording.ledgers.flatMap(({ events: some = [] }) =>
  some.filter((event) => event.contractId === contractId),
)
/** The first transaction that two ledgers of the recording come before. */
const FIRST_EVENT = events.find(({ ledger }) => ledger > FIRST + 2)!
const HASH = FIRST_EVENT.txHash
const UNKNOWN = 'ab'.repeat(32)
const SECRET = 'a secret of at least thirty-two bytes'

interface EventJson {
  id: string
  sender: string | null
  transactionHash: string
}
type EventList = Answer<EventJson[]>

/** A daemon that has indexed everything before the transaction. */
async function start(env: Record<string, string> = {}) {
  const closed = FIRST_EVENT.ledger - FIRST
  const { daemon, simulator } = await setUp(recording, { simulator: { speed: 0, closed }, env })
  await indexed(daemon.url, FIRST_EVENT.ledger - 1)
  return { ...daemon, simulator }
}

/** Asks, and says whether the answer has come yet. */
function ask(url: string, options: RequestInit = {}) {
  const asked = { isAnswered: false, answer: fetch(url, options) }
  void asked.answer.then(
    () => (asked.isAnswered = true),
    () => {},
  )
  return asked
}

async function refusal(response: Response) {
  const { detail, checkpoint } = (await response.json()) as { detail: string; checkpoint: AsOf }
  const { status, headers } = response
  return { status, retryAfter: headers.get('retry-after'), detail, checkpoint }
}

test('a request waits until the log has reached its ledger or has its transaction', async () => {
  const { url, simulator } = await start({ RATE_LIMIT_PER_MINUTE: '100000' })
  const { ledger } = FIRST_EVENT
  const paths = [
    `/streams?wait_ledger=${ledger}&wait=30`,
    `/tokens/${contractId}?wait_ledger=${ledger}&wait=30`,
    `/streams?wait_tx=${HASH}&wait_ledger=${ledger}&wait=30`,
    `/events?wait_tx=${HASH}&wait=30`,
    `/users/${contractId}/summary?wait_tx=${HASH}&wait=30`,
    `/transactions/${HASH}?wait=30`,
  ]
  const waiting = paths.map((path) => ask(url + path))
  const next = ask(`${url}/streams?wait_ledger=${ledger + 1}&wait=30`)
  // Neither wait is over before there is something to find, and other requests are answered.
  expect(await getJson<EventList>(`${url}/transactions/${HASH}`)).toMatchObject({ data: [] })
  expect(waiting.map(({ isAnswered }) => isAnswered)).toEqual(paths.map(() => false))

  simulator.closeNext(1)
  for (const [index, { answer }] of waiting.entries()) {
    const response = await answer
    expect(response.status, paths[index]).toBe(200)
    const { asOf } = (await response.json()) as EventList
    expect(asOf.ledger).toBeGreaterThanOrEqual(ledger)
  }
  expect(next.isAnswered).toBe(false)
  simulator.closeNext(1)
  expect((await next.answer).status).toBe(200)
  // A request counts once, however long it waits.
  const left = async (path: string) =>
    Number(/r=(\d+)/.exec((await fetch(url + path)).headers.get('ratelimit') ?? '')?.[1])
  const before = await left('/streams')
  const waited = left(`/streams?wait_ledger=${ledger + 2}&wait=30`)
  simulator.closeNext(1)
  expect(await waited).toBe(before - 1)
  // What is reached already needs no waiting.
  expect((await fetch(`${url}/streams?wait_ledger=${ledger}&wait=0`)).status).toBe(200)
})

test('the events of a transaction come in order, and no others', async () => {
  const { daemon } = await setUp(recording)
  await indexed(daemon.url, recording.ledgers.at(-1)!.sequence)
  for (const hash of new Set(events.map(({ txHash }) => txHash))) {
    const { data, asOf } = await getJson<EventList>(`${daemon.url}/transactions/${hash}`)
    const expected = events.filter(({ txHash }) => txHash === hash).map(({ id }) => id)
    expect(data.map(({ id }) => id)).toEqual(expected)
    expect(asOf).not.toBeNull()
  }
  const wrong = [HASH.toUpperCase(), HASH.slice(1), `${HASH}0`, 'x'.repeat(64)]
  for (const hash of wrong) {
    expect((await fetch(`${daemon.url}/transactions/${hash}`)).status, hash).toBe(400)
  }
})

test('what does not come in time is a 503 that says how far the log is', async () => {
  const { url } = await start()
  const { checkpoint } = await getJson<{ checkpoint: AsOf }>(`${url}/status`)
  for (const path of [
    `/streams?wait_ledger=${FIRST_EVENT.ledger}&wait=0`,
    `/events?wait_tx=${UNKNOWN}&wait=0`,
    `/transactions/${UNKNOWN}?wait=0`,
  ]) {
    const refused = await refusal(await fetch(url + path))
    expect(refused, path).toMatchObject({ status: 503, retryAfter: '1', checkpoint })
  }
})

test('P8: a request that is wrong is refused at once, and not after its wait', async () => {
  const { url } = await start()
  for (const query of ['wait=5', 'wait_ledger=-1', 'wait_tx=1', 'wait_ledger=1&wait=31']) {
    expect((await fetch(`${url}/streams?${query}`)).status, query).toBe(400)
  }
  const never = `wait_ledger=${FIRST_EVENT.ledger}&wait=30`
  expect((await fetch(`${url}/streams?${never}&limit=0`)).status).toBe(400)
  // Health and the like have nothing to wait for.
  expect((await fetch(`${url}/health?wait_ledger=1`)).status).toBe(400)
})

test('P8: MAX_WAITING requests wait; one that leaves makes room', async () => {
  const { url } = await start({ MAX_WAITING: '1' })
  const path = `${url}/streams?wait_ledger=${FIRST_EVENT.ledger}`
  const leaving = new AbortController()
  const first = ask(`${path}&wait=30`, { signal: leaving.signal })
  await until(async () => (await fetch(`${path}&wait=0`)).status === 503)
  const full = async () => (await refusal(await fetch(`${path}&wait=0`))).detail
  await until(async () => (await full()).includes('too many'))
  expect(first.isAnswered).toBe(false)
  leaving.abort()
  await first.answer.catch(() => {})
  await until(async () => !(await full()).includes('too many'))
})

test('a daemon that ends answers waiting requests first', async () => {
  const { url, close } = await start()
  const waiting = ask(`${url}/streams?wait_ledger=${FIRST_EVENT.ledger}&wait=30`)
  // Requests of one connection would come one after the other: this one is on another.
  await fetch(`${url}/health`)
  await close()
  expect(await refusal(await waiting.answer)).toMatchObject({
    status: 503,
    retryAfter: '1',
    checkpoint: { ledger: FIRST_EVENT.ledger - 1 },
  })
})

test('a transaction of others is unknown, and waiting for it is in vain', async () => {
  const { daemon } = await setUp(recording, { env: { AUTH: 'jwt', JWT_SECRET: SECRET } })
  const get = async (path: string, sub: string, scope = '') => {
    const token = await new SignJWT({ sub, scope, exp: 4_000_000_000 })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(SECRET))
    return fetch(daemon.url + path, { headers: { authorization: `Bearer ${token}` } })
  }
  const everything = await get(`/transactions/${HASH}?wait=30`, contractId, 'events:all')
  const { data: all } = (await everything.json()) as EventList
  const party = all.find(({ sender }) => sender !== null)!.sender!
  const own = await get(`/transactions/${HASH}?wait=30`, party)
  const seen = ((await own.json()) as EventList).data
  expect(seen).toEqual(all.filter((event) => Object.values(event).includes(party)))
  expect(await (await get(`/transactions/${HASH}`, contractId)).json()).toMatchObject({ data: [] })
  for (const path of [`/transactions/${HASH}?wait=0`, `/events?wait_tx=${HASH}&wait=0`]) {
    expect((await get(path, contractId)).status, path).toBe(503)
    expect((await get(path, party)).status, path).toBe(200)
  }
})
