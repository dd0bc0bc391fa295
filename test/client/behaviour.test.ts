import { createFeed, FeedError } from 'flowfi-client'
import type { FeedStatus } from 'flowfi-client'
import { build } from 'vite'
import { gzipSync } from 'node:zlib'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { idOf, startFlood } from '../support/client/flood.ts'
import { startBadLine } from '../support/client/bad-line.ts'
import type { BadLine } from '../support/client/bad-line.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { until } from '../support/until.ts'

let daemon: FeedDaemon
let line: BadLine
beforeAll(async () => {
  daemon = await startFeedDaemon({ recording: 'busy', closed: 100 })
  await daemon.indexed()
  line = await startBadLine(daemon.url)
})
afterAll(async () => {
  await line.close()
  await daemon.close()
})

type Options = Partial<Parameters<typeof createFeed>[0]>

function open(options: Options = {}) {
  const states: FeedStatus[] = []
  const errors: FeedError[] = []
  const before = line.requests.length
  const feed = createFeed({
    url: line.url,
    all: true,
    onState: (_state, status) => states.push(status),
    onError: (error) => errors.push(error),
    ...options,
  } as Parameters<typeof createFeed>[0])
  onTestFinished(() => feed.close())
  return { feed, states, errors, requests: () => line.requests.slice(before) }
}

const BUSY = {
  status: 503,
  headers: { 'Retry-After': '7', 'Content-Type': 'application/problem+json' },
}
const PROBLEM = JSON.stringify({ detail: 'say which events' })

test('P8: an application that does not go on reading holds the connection back, and then gets everything', async () => {
  const flood = await startFlood(40_000)
  onTestFinished(() => flood.close())
  const { feed } = open({ url: flood.url, from: 'earliest' })
  const events = feed[Symbol.asyncIterator]()
  const first = await events.next()
  await until(() => flood.isHeld())
  expect(flood.sent()).toBeLessThan(40_000)
  expect(feed.cursor).toBe(first.value?.id)
  const ids = [first.value?.id]
  while (ids.length < 40_000) ids.push((await events.next()).value?.id)
  expect(ids).toEqual(Array.from(ids.keys(), (number) => idOf(number)))
})

test('a function is asked again for a token after a 401, and a second 401 in a row ends the feed', async () => {
  let asked = 0
  const unauthorised = { kind: 'answer', status: 401 } as const
  line.plan(unauthorised)
  const token = () => `token-${(asked += 1)}`
  const { feed, requests } = open({ token })
  await until(() => feed.state === 'live')
  const sent = requests().map(({ headers }) => headers.authorization)
  expect(sent).toEqual(['Bearer token-1', 'Bearer token-2'])

  line.plan(unauthorised, unauthorised)
  feed.reconnectNow()
  await until(() => feed.state === 'failed')
  expect(feed.reason).toBe('unauthorized')
  await expect(feed[Symbol.asyncIterator]().next()).rejects.toThrow(FeedError)
  feed.reconnectNow()
  await until(() => feed.state === 'live')
})

test.for([400, 403, 404, 410])('a %s ends the feed with what the daemon says', async (status) => {
  const headers = { 'Content-Type': 'application/problem+json' }
  line.plan({ kind: 'answer', status, headers, body: PROBLEM })
  const { feed, errors, requests } = open()
  const reading = feed[Symbol.asyncIterator]().next()
  await expect(reading).rejects.toThrow('say which events')
  expect([feed.state, feed.reason, feed.error?.status]).toEqual(['failed', 'refused', status])
  expect([errors.length, requests().length]).toEqual([1, 1])
})

test.for([408, 429, 500, 503])(
  'after a %s the next attempt is not before Retry-After',
  async (status) => {
    line.plan({ kind: 'answer', ...BUSY, status })
    const { feed, states, errors } = open()
    const from = Date.now()
    await until(() => feed.state === 'reconnecting')
    expect(feed.reason).toBe('unavailable')
    expect(feed.nextAttemptAt).toBeGreaterThanOrEqual(from + 7_000)
    expect(feed.nextAttemptAt).toBeLessThan(Date.now() + 9_000)
    expect(errors[0]?.status).toBe(status)
    feed.reconnectNow()
    await until(() => feed.state === 'live')
    const names = states.map(({ state }) => state)
    expect(names).toEqual(['connecting', 'reconnecting', 'catching_up', 'live'])
  },
)

test('an iterator that comes late still gets everything from the start of the feed, and listeners nothing twice', async () => {
  const { feed } = open({ from: 'earliest', types: ['stream.created'] })
  let heard = 0
  feed.on('stream.created', () => (heard += 1))
  await until(() => feed.state === 'live')
  const created = daemon.log().filter(({ type }) => type === 'stream.created')
  const ids: string[] = []
  for await (const { id } of feed) {
    ids.push(id)
    if (ids.length === created.length) break
  }
  expect(ids).toEqual(created.map(({ id }) => id))
  expect(heard).toBe(created.length)
})

test('a reset is heard before the next event', async () => {
  const order: string[] = []
  const { feed } = open({ from: '9000000000000000000-0000000000' })
  feed.on('reset', ({ reason }) => order.push(reason))
  feed.on('event', () => order.push('event'))
  await until(() => feed.state === 'live')
  daemon.simulator.closeNext(3)
  await until(() => order.length > 1)
  expect(order.slice(0, 2)).toEqual(['ahead', 'event'])
})

test('a long list of streams is asked for, too', async () => {
  const streams = Array.from({ length: 2_000 }, (_, number) => String(number))
  const { feed, requests } = open({ all: undefined, streams })
  await until(() => feed.state === 'live')
  expect(requests().map(({ method }) => method)).toEqual(['POST'])
})

test('a signal closes the feed, before it has begun and later', async () => {
  const before = line.requests.length
  const { feed: never } = open({ signal: AbortSignal.abort() })
  const stop = new AbortController()
  const { feed } = open({ signal: stop.signal })
  await until(() => feed.state === 'live')
  const reading = feed[Symbol.asyncIterator]().next()
  stop.abort()
  expect(await reading).toEqual({ done: true, value: undefined })
  expect([never.state, feed.state]).toEqual(['closed', 'closed'])
  await until(() => line.open() === 0)
  expect(line.requests.length).toBe(before + 1)
})

/** Built as an application's bundler would do it. */
async function bundle(code: string): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { tsconfigPaths: true },
    build: {
      write: false,
      minify: true,
      target: 'es2022',
      rolldownOptions: { input: 'entry', external: [/^node:/] },
    },
    worker: { format: 'es' },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? `${import.meta.dirname}/entry.ts` : undefined),
        load: (id) => (id.endsWith('/entry.ts') ? code : undefined),
      },
    ],
  })
  const { output } = result as { output: { type: string; code?: string; isEntry?: boolean }[] }
  return output.find(({ isEntry }) => isEntry === true)?.code ?? ''
}

test('createFeed is at most 12 KB', async () => {
  const code = await bundle(`import { createFeed } from 'flowfi-client'; globalThis.x = createFeed`)
  expect(code).toContain('/events/subscribe')
  expect(gzipSync(code).length).toBeLessThan(12_000)
})

test('after close() nothing keeps the process alive', async () => {
  const code = await bundle(`import { createFeed } from 'flowfi-client'
    for (const shared of [false, true]) {
      const feed = createFeed({ url: '${daemon.url}', all: true, from: 'earliest', shared })
      for await (const { id } of feed) { console.log(id); break }
      feed.close()
      feed.close()
    }
    const unreachable = createFeed({ url: 'http://127.0.0.1:1', all: true, onError: () => unreachable.close() })
    `)
  const ended = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code])
  expect(ended.stdout.trim().split('\n')).toHaveLength(2)
})
