import { createFeed, createStreams } from 'flowfi-client'
import type { Feed, Streams } from 'flowfi-client'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { PATIENCE_MS } from '../support/patience.ts'
import { until } from '../support/until.ts'

/**
 * What a browser tells about its network and its page, and a daemon that does not answer. The page is
 * made of events alone; test/browser/ has a real one.
 */

const page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
const browser = new EventTarget()
const tell = (type: string) => browser.dispatchEvent(new Event(type))
const show = () => page.dispatchEvent(new Event('visibilitychange'))

beforeEach(() => {
  Object.assign(globalThis, {
    document: page,
    addEventListener: browser.addEventListener.bind(browser),
    removeEventListener: browser.removeEventListener.bind(browser),
  })
})
afterEach(() => {
  for (const name of ['document', 'addEventListener', 'removeEventListener'])
    Reflect.deleteProperty(globalThis, name)
})

type Answer = { status: number; headers?: Record<string, string> } | 'none'

/** Gives one answer to all requests. */
async function startServer(answer: Answer): Promise<{ url: string; requests(): number }> {
  let requests = 0
  const server = createServer((_, response) => {
    requests += 1
    if (answer !== 'none') response.writeHead(answer.status, answer.headers).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
  }
}

const KINDS = {
  createFeed: (url: string): Feed => createFeed({ url, all: true }),
  createStreams: (url: string): Streams => createStreams({ url, all: true }),
}

test.for(Object.entries(KINDS))(
  '%s tries again at once when the network is back, and when someone looks at the page',
  async ([, open]) => {
    // Longer than any test waits.
    const busy = { status: 503, headers: { 'Retry-After': '3600' } }
    const server = await startServer(busy)
    const opened = open(server.url)
    onTestFinished(() => opened.close())
    const tried = async (times: number) => {
      await until(() => server.requests() === times && opened.state === 'reconnecting')
      await until(() => (opened.nextAttemptAt ?? 0) > Date.now() + 3_000_000)
    }
    await tried(1)
    // The daemon has asked to be left alone, and that someone looks is no reason to think otherwise.
    show()
    tell('offline')
    tell('online')
    await tried(2)

    const without = await startServer({ status: 503 })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const waiting = open(without.url)
    onTestFinished(() => waiting.close())
    await turnsUntil(() => waiting.state === 'reconnecting')
    show()
    await turnsUntil(() => without.requests() === 2)
  },
)

test.for(Object.entries(KINDS))(
  '%s does not wait for ever for an answer, and says so',
  async ([, open]) => {
    const server = await startServer('none')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const opened = open(server.url)
    onTestFinished(() => opened.close())
    await turnsUntil(() => server.requests() === 1)
    vi.advanceTimersByTime(45_000)
    await turnsUntil(() => opened.state === 'reconnecting')
    expect([opened.reason, opened.error?.name]).toEqual(['silent', 'FeedError'])
    vi.advanceTimersByTime(2_000)
    await turnsUntil(() => server.requests() === 2)
  },
)

/** Waits without letting time pass. */
async function turnsUntil(condition: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!condition()) {
    if (performance.now() > end) throw new Error('the condition never held')
    await new Promise((resolve) => setImmediate(resolve))
  }
}
