import { expect, onTestFinished, test } from 'vitest'
import type { StreamJson } from '../../src/http/json.ts'
import { environment, indexed, simulate } from '../support/daemon.ts'
import { idsOf, isCaughtUp, openClient, subscribeRequest } from '../support/feed/client.ts'
import type { FeedClient } from '../support/feed/client.ts'
import { launchServer, temporaryFolder } from '../support/process.ts'
import { lastLedger } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'
import { ADMIN_TOKEN, startIssuer } from '../support/tokens.ts'
import { until } from '../support/until.ts'

/** What `http/access.test.ts` shows of one process, in part, with two workers. */

const recording = await loadRecording('quirks')
const LAST = lastLedger(recording)
/** Ledgers of the recording that are closed before anybody asks. */
const CLOSED = 90
/** Each request has its own connection; the system spreads connections over the workers. */
const ENOUGH = 8

interface Event {
  id: string
  streamId?: string
  sender: string | null
  recipient: string | null
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}`, Connection: 'close' })
const isOf =
  (subject: string) =>
  ({ sender, recipient }: { sender: string | null; recipient: string | null }) =>
    sender === subject || recipient === subject

async function serve() {
  const issuer = await startIssuer()
  onTestFinished(issuer.close)
  const simulator = await simulate(recording, { speed: 0, closed: CLOSED })
  const databasePath = `${await temporaryFolder()}/shared.db`
  const { url } = await launchServer(['start', '--workers', '2'], {
    ...environment(recording, { rpcUrl: simulator.url, databasePath }),
    ...issuer.env,
    AUDIT_INTERVAL_SECONDS: '0',
  })
  await indexed(url, recording.header.firstLedger + CLOSED - 1)
  const ask = async (path: string, token: string, method = 'GET') => {
    const response = await fetch(url + path, { method, headers: bearer(token) })
    return { status: response.status, text: await response.text() }
  }
  const list = async <T>(path: string, token: string) => {
    const { status, text } = await ask(path, token)
    expect(status, text).toBe(200)
    return (JSON.parse(text) as { data: T[] }).data
  }
  const open = (query: string, headers: Record<string, string> = {}) => {
    const at = `${url}/events/subscribe?${query}`
    return openClient(url, subscribeRequest(at, headers))
  }
  return { issuer, simulator, url, ask, list, open }
}

/** Parties of the log, and two subjects that own nothing. */
function subjectsOf(events: readonly Event[]): string[] {
  const parties = new Set(events.flatMap(({ sender, recipient }) => [sender, recipient]))
  const addresses = [...parties].filter((each) => each !== null).slice(0, 10)
  const own = addresses[0]!
  return [...addresses, `${own}:1`, `M${own.slice(1)}`]
}

test('P6: with two workers too, each of twelve subjects gets exactly its own, in REST, in replay and live', async () => {
  const { issuer, simulator, url, ask, list, open } = await serve()
  const early = await list<Event>('/events?limit=1000', ADMIN_TOKEN)
  const subjects = subjectsOf(early)
  expect(subjects).toHaveLength(12)
  const tokens = new Map<string, string>()
  for (const subject of subjects) tokens.set(subject, await issuer.tokenOf(subject))

  const subscriptions: { subject: string; client: FeedClient }[] = []
  const subscribe = async (subject: string, query: string) => {
    const client = await open(query, bearer(tokens.get(subject)!))
    onTestFinished(() => void client.socket.destroy())
    subscriptions.push({ subject, client })
  }
  for (const subject of subjects) {
    await subscribe(subject, 'all=true&cursor=earliest')
    await subscribe(subject, 'all=true&cursor=earliest')
    await subscribe(subject, 'all=true')
  }
  await Promise.all(subscriptions.map(({ client }) => client.until(isCaughtUp)))
  simulator.closeNext(1_000)
  await indexed(url, LAST)

  const events = await list<Event>('/events?limit=1000', ADMIN_TOKEN)
  const streams = await list<StreamJson>('/streams?limit=200', ADMIN_TOKEN)
  expect(events.length).toBeGreaterThan(early.length)
  /** From the start that the feed named: a worker's `now` can be a commit ago. */
  const idsFor = (subject: string, { messages }: FeedClient) =>
    events.filter(isOf(subject)).flatMap(({ id }) => (id > messages[0]!.id! ? [id] : []))
  for (const { subject, client } of subscriptions) {
    const expected = idsFor(subject, client)
    await client.until((each) => each.events().length >= expected.length)
    expect([subject, idsOf(client)]).toEqual([subject, expected])
  }
  for (const [subject, token] of tokens) {
    const foreign = streams.find((stream) => !isOf(subject)(stream))!.streamId
    const answers = await Promise.all(
      [foreign, '999999'].map(async (id) => {
        const { status, text } = await ask(`/streams/${id}`, token)
        return [status, text.replaceAll(id, 'ID')]
      }),
    )
    expect(answers[0]).toEqual(answers[1])
    expect(answers[0]![0]).toBe(404)
    // Worker by worker, as far as the system's choice goes.
    for (let times = 0; times < ENOUGH / 2; times += 1) {
      expect(await list('/events?limit=1000', token)).toEqual(events.filter(isOf(subject)))
      expect(await list('/streams?limit=200', token)).toEqual(streams.filter(isOf(subject)))
    }
  }

  // What came until they were closed is all that came.
  for (const [subject] of tokens) {
    const path = `/admin/subscriptions?user=${encodeURIComponent(subject)}`
    const { status, text } = await ask(path, ADMIN_TOKEN, 'DELETE')
    expect([status, JSON.parse(text)]).toEqual([200, { data: { closed: 3 } }])
  }
  for (const { subject, client } of subscriptions) {
    await client.until(({ ended }) => ended)
    expect([subject, idsOf(client)]).toEqual([subject, idsFor(subject, client)])
    expect(client.messages.at(-1)).toMatchObject({ data: { reason: 'closed' } })
  }
})

test('both workers refuse tokens that are not valid, and a ticket is used once over both', async () => {
  const { issuer, ask, list, open } = await serve()
  const [{ sender }] = (await list<Event>('/events?types=stream.created&limit=1', ADMIN_TOKEN)) as [
    Event,
  ]
  const statusOf = async (query: string, headers?: Record<string, string>) => {
    const client = await open(query, headers)
    await client.until(({ head, messages, ended }) => {
      return ended || (head !== undefined && (head.status !== 200 || messages.length > 0))
    })
    client.socket.destroy()
    return client.head!.status
  }
  for (const [kind, token] of Object.entries(await issuer.bad(sender!))) {
    const statuses = await Promise.all(
      Array.from({ length: ENOUGH }, async (_, at) =>
        at % 2 === 0 ? (await ask('/events', token)).status : statusOf('all=true', bearer(token)),
      ),
    )
    expect([kind, ...statuses]).toEqual([kind, ...statuses.map(() => 401)])
  }
  const good = await issuer.tokenOf(sender!)
  for (let times = 0; times < ENOUGH / 2; times += 1) {
    const { status, text } = await ask('/auth/ticket', good, 'POST')
    expect(status, text).toBe(200)
    const { ticket } = (JSON.parse(text) as { data: { ticket: string } }).data
    // At once, so that both workers may be asked at the same moment.
    const statuses = await Promise.all(
      Array.from({ length: ENOUGH }, () => statusOf(`all=true&ticket=${ticket}`)),
    )
    expect(statuses.toSorted()).toEqual([200, ...Array.from({ length: ENOUGH - 1 }, () => 401)])
  }
  await until(async () => (await list('/admin/subscriptions', ADMIN_TOKEN)).length === 0)
})
