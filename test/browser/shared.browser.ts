import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import type { Feed, FeedOptions } from '../../client/src/client.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { closeBrowser, openBrowser } from './visitor.ts'

/** `createFeed` as an application's bundler builds it, in the tabs of another origin. */

const ENTRY = `${import.meta.dirname}/application.ts`
const APPLICATION = `
  import { createFeed } from 'flowfi-client'
  globalThis.follow = (options) => {
    globalThis.ids = []
    globalThis.feed = createFeed(options)
    globalThis.feed.on('event', ({ id }) => globalThis.ids.push(id))
  }`

declare global {
  var follow: (options: FeedOptions) => void
  var feed: Feed
  var ids: string[]
}

interface Tab {
  page: Page
  state(): Promise<string>
  ids(): Promise<string[]>
}

let daemon: FeedDaemon
let application: Server
let origin = ''
let newContext: () => Promise<BrowserContext>
let skipped: string | undefined

beforeAll(async () => {
  const browser = await openBrowser()
  if (typeof browser === 'string') skipped = browser
  else newContext = () => browser.newContext()
  const files = await bundle()
  application = createServer(({ url = '' }, response) => {
    const code = files.get(url)
    const type = code === undefined ? 'text/html' : 'text/javascript'
    response.setHeader('Content-Type', type)
    response.end(code ?? '<!doctype html><script type="module" src="/application.js"></script>')
  })
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(application.address() as AddressInfo).port}`
  daemon = await startFeedDaemon({ recording: 'busy', closed: 10 })
  await daemon.indexed()
})
afterAll(async () => {
  application.close()
  application.closeAllConnections()
  await Promise.all([daemon.close(), closeBrowser()])
})
beforeEach((context) => {
  if (skipped !== undefined) context.skip(skipped)
})

async function bundle(): Promise<Map<string, string | Uint8Array>> {
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { tsconfigPaths: true },
    worker: { format: 'es' },
    build: {
      write: false,
      modulePreload: false,
      rolldownOptions: {
        input: { application: ENTRY },
        output: { entryFileNames: '[name].js' },
      },
    },
    plugins: [
      {
        name: 'application',
        resolveId: (id) => (id === ENTRY ? ENTRY : undefined),
        load: (id) => (id === ENTRY ? APPLICATION : undefined),
      },
    ],
  })
  const { output } = result as {
    output: { fileName: string; code?: string; source?: string | Uint8Array }[]
  }
  return new Map(output.map(({ fileName, code, source }) => [`/${fileName}`, code ?? source ?? '']))
}

async function visitor(): Promise<BrowserContext> {
  const context = await newContext()
  onTestFinished(() => context.close())
  return context
}

async function openTab(context: BrowserContext, options: Partial<FeedOptions>): Promise<Tab> {
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  await page.goto(origin)
  await page.waitForFunction(() => globalThis.follow !== undefined)
  const all = { url: daemon.url, all: true, ...options } as FeedOptions
  await page.evaluate((given) => globalThis.follow(given), all)
  const state = () => page.evaluate(() => globalThis.feed.state)
  await expect.poll(state).toBe('live')
  return { page, state, ids: () => page.evaluate(() => globalThis.ids) }
}

const connections = async () => (await daemon.stats())['activeConnections']
const logged = (from = 0) =>
  daemon
    .log()
    .slice(from)
    .map(({ id }) => id)

async function closeLedgers(count: number): Promise<void> {
  daemon.simulator.closeNext(count)
  await daemon.indexed()
}

test('P6: two tabs share one connection, which outlives the tab that opened it', async () => {
  const context = await visitor()
  const before = daemon.log().length
  const tabs = [
    await openTab(context, { shared: true }),
    await openTab(context, { shared: true }),
  ] as const
  await expect.poll(connections).toBe(1)
  await closeLedgers(3)
  for (const tab of tabs) await expect.poll(tab.ids).toEqual(logged(before))
  await tabs[0].page.close()
  await closeLedgers(3)
  await expect.poll(tabs[1].ids).toEqual(logged(before))
  expect(await connections()).toBe(1)
  const debug = await context.browser()!.newBrowserCDPSession()
  const { targetInfos } = await debug.send('Target.getTargets')
  // Where the policy of a page forbids it, a tab has the connection.
  expect(targetInfos.filter(({ type }) => type === 'shared_worker')).toHaveLength(1)
  await tabs[1].page.close()
  await expect.poll(connections).toBe(0)
})

test('P6: a tab that was frozen in the background misses nothing, shared or not', async () => {
  const context = await visitor()
  const before = daemon.log().length
  const tabs = [await openTab(context, { shared: true }), await openTab(context, {})]
  const lives = await Promise.all(tabs.map(({ page }) => context.newCDPSession(page)))
  const turn = (state: 'frozen' | 'active') =>
    Promise.all(lives.map((life) => life.send('Page.setWebLifecycleState', { state })))
  await turn('frozen')
  await closeLedgers(5)
  await turn('active')
  for (const tab of tabs) {
    await expect.poll(tab.ids).toEqual(logged(before))
    await expect.poll(tab.state).toBe('live')
  }
})

test('P6: a browser without a network says offline, and goes on at once when it is back', async () => {
  const context = await visitor()
  const before = daemon.log().length
  const tab = await openTab(context, {})
  await context.setOffline(true)
  // What stands is left when the network is back, and is given up when it is silent.
  await tab.page.evaluate(() => globalThis.feed.reconnectNow())
  await expect.poll(() => tab.page.evaluate(() => globalThis.feed.reason)).toBe('offline')
  await closeLedgers(3)
  expect(await tab.ids()).toEqual([])
  await context.setOffline(false)
  await expect.poll(tab.ids).toEqual(logged(before))
  await expect.poll(tab.state).toBe('live')
})

test('6,000 events leave no more memory in use than the first ones', async () => {
  const context = await visitor()
  const tab = await openTab(context, { from: 'earliest' })
  const debug = await context.newCDPSession(tab.page)
  const heap = async () => {
    // The list of ids is the test's own.
    await tab.page.evaluate(() => (globalThis.ids = []))
    await debug.send('HeapProfiler.collectGarbage')
    return (await debug.send('Runtime.getHeapUsage')).usedSize / 1_000_000
  }
  const newest = () => daemon.log().at(-1)!.id
  const caughtUp = () =>
    expect
      .poll(() => tab.page.evaluate(() => globalThis.feed.cursor!))
      .toSatisfy((cursor: string) => cursor >= newest())
  await caughtUp()
  const start = daemon.log().length
  const before = await heap()
  while (daemon.log().length < start + 6_000) await closeLedgers(20)
  await caughtUp()
  expect((await heap()) - before).toBeLessThan(1)
})
