import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { getJson } from '../support/daemon.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { closeBrowser, look, openBrowser, visit } from './visitor.ts'
import type { Visitor } from './visitor.ts'

let daemon: FeedDaemon
let skipped: string | undefined

beforeAll(async () => {
  const browser = await openBrowser()
  skipped = typeof browser === 'string' ? browser : undefined
  daemon = await startFeedDaemon({
    recording: 'lively',
    closed: 12,
    // The tip stands still between the steps of a test.
    env: { TIP_STALL_SECONDS: '0' },
  })
  await daemon.indexed()
})
afterAll(() => Promise.all([daemon.close(), closeBrowser()]))
beforeEach((context) => {
  if (skipped !== undefined) context.skip(skipped)
})

/** Newest first. */
const logged = () =>
  daemon
    .log()
    .map(({ id }) => id)
    .toReversed()

async function showsTheLog(visitor: Visitor): Promise<void> {
  await daemon.indexed()
  await expect.poll(visitor.events).toEqual(logged())
}

async function closeLedgers(count: number): Promise<void> {
  daemon.simulator.closeNext(count)
  await daemon.indexed()
}

async function subscriptions(): Promise<number> {
  const { activeConnections } = await getJson<{ activeConnections: number }>(
    `${daemon.url}/events/stats`,
  )
  return activeConnections
}

test('the page shows every event once and in order, as it happens, and asks no other host', async () => {
  const visitor = await visit(daemon.url)
  await visitor.says('live')
  await showsTheLog(visitor)
  for (let step = 0; step < 3; step += 1) {
    await closeLedgers(1)
    await showsTheLog(visitor)
  }
  expect(visitor.complaints).toEqual([])
  expect([...visitor.asked]).toEqual([daemon.url])
})

interface Listed {
  data: { streamId: string; status: string; sender: string; tokenAddress: string }[]
}

test('streams are found by id, by address, by status and by token', async () => {
  const { page } = await visit(daemon.url)
  const { data } = await getJson<Listed>(`${daemon.url}/streams?limit=200&order=desc`)
  const table = page.getByRole('table', { name: 'Streams', exact: true })
  const ids = async () => {
    const names = await table.getByRole('rowheader').getByRole('link').allTextContents()
    return names.map((name) => name.replace('#', ''))
  }
  const of = (matches: (stream: Listed['data'][number]) => boolean) =>
    data.filter(matches).map(({ streamId }) => streamId)
  await expect.poll(ids).toEqual(of(() => true))
  const search = page.getByRole('searchbox', { name: 'Search' })
  await search.fill('7')
  await expect.poll(ids).toEqual(of(({ streamId }) => streamId.startsWith('7')))
  const { sender, tokenAddress } = data[0]!
  await search.fill(sender)
  const { data: theirs } = await getJson<Listed>(`${daemon.url}/streams?order=desc&user=${sender}`)
  await expect.poll(ids).toEqual(theirs.map(({ streamId }) => streamId))
  await search.fill('')
  await page.getByLabel('Token').selectOption(tokenAddress)
  await expect.poll(ids).toEqual(of((stream) => stream.tokenAddress === tokenAddress))
  await page.getByLabel('Token').selectOption('')
  await page.getByLabel('Status').selectOption('paused')
  await expect.poll(ids).toEqual(of(({ status }) => status === 'paused'))
})

test('one stream has a chart with a name, a table of the same amounts, and its events', async () => {
  const { page, events, complaints } = await visit(`${daemon.url}/#/streams/1`)
  await page.getByRole('figure', { name: 'Stream 1 over time' }).waitFor()
  interface Explained {
    data: { steps: { formula: string }[] }
  }
  const { data } = await getJson<Explained>(`${daemon.url}/streams/1/explain`)
  const table = page.getByRole('table', { name: 'Step by step', exact: true })
  expect(await table.locator('code').allTextContents()).toEqual(
    data.steps.map(({ formula }) => formula),
  )
  interface Events {
    data: { id: string }[]
  }
  const own = await getJson<Events>(`${daemon.url}/streams/1/events?order=desc`)
  expect(await events()).toEqual(own.data.map(({ id }) => id))
  await page.getByRole('link', { name: 'All streams', exact: false }).last().click()
  await page.getByRole('table', { name: 'Streams', exact: true }).waitFor()
  await page.goto(`${daemon.url}/#/streams/999999`)
  await page.getByText('There is no stream 999999 here.').waitFor()
  // The browser itself reports the 404.
  expect(complaints.filter((text) => !text.includes('404'))).toEqual([])
})

test('an amount ticks by the chain’s time while nothing happens', async () => {
  const { page } = await visit(`${daemon.url}/#/streams/1`)
  const amount = () => page.getByRole('region', { name: 'Now' }).locator('.big').textContent()
  await expect.poll(amount).toMatch(/\d/)
  const before = await amount()
  await expect.poll(amount).not.toBe(before)
})

test('after the line is cut and mended the page shows what was missed, in order, and says so', async () => {
  const visitor = await visit(daemon.url)
  await visitor.says('live')
  await visitor.click('Cut the line')
  await visitor.says('offline')
  const before = daemon.log().length
  const seen = await visitor.events()
  await closeLedgers(4)
  const missed = daemon.log().length - before
  expect(missed).toBeGreaterThan(1)
  expect(await visitor.events()).toEqual(seen)
  await visitor.click('Mend the line')
  await visitor.says('live')
  await showsTheLog(visitor)
  await visitor.page.getByText(`${missed} events came since and were delivered`).waitFor()
})

test('a browser that was offline says so, and catches up when it is online again', async () => {
  const visitor = await visit(daemon.url)
  await visitor.says('live')
  await visitor.context.setOffline(true)
  await visitor.says('offline')
  await closeLedgers(4)
  await visitor.context.setOffline(false)
  await visitor.says('live')
  await showsTheLog(visitor)
})

test('two tabs show the same over one subscription', async () => {
  const first = await visit(daemon.url)
  const second = await look(first.context, daemon.url)
  await closeLedgers(2)
  for (const tab of [first, second]) {
    await tab.says('live')
    await showsTheLog(tab)
  }
  // The pages of the tests before are closed.
  await expect.poll(subscriptions).toBe(1)
  await first.click('Cut the line')
  await closeLedgers(2)
  await showsTheLog(second)
  expect(await second.connection()).toBe('live')
  await first.click('Mend the line')
  await showsTheLog(first)
})

test('a hidden tab asks for nothing, misses nothing, and is right when it is seen again', async () => {
  const visitor = await visit(daemon.url)
  await visitor.says('live')
  const turn = (state: string) =>
    visitor.page.evaluate((visibility) => {
      Object.defineProperty(document, 'visibilityState', { value: visibility, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    }, state)
  await turn('hidden')
  const asked: string[] = []
  visitor.page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  await closeLedgers(2)
  await showsTheLog(visitor)
  expect(asked.filter((path) => path === '/status')).toEqual([])
  await turn('visible')
  await expect.poll(() => asked).toContain('/status')
  await visitor.says('live')
})
