import { readFileSync } from 'node:fs'
import { get as request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import { nativeToScVal } from '@stellar/stellar-sdk/base'
import type { AxeResults } from 'axe-core'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import type { Recording } from '../../src/simulator/recording.ts'
import { indexed, openSetup } from '../support/daemon.ts'
import type { Setup } from '../support/daemon.ts'
import { loadRecording } from '../support/recordings.ts'
import { withToken } from '../support/token-entry.ts'
import { closeBrowser, openBrowser, visit } from './visitor.ts'
import type { Visitor } from './visitor.ts'

const ADMIN_TOKEN = 'the token of the administrator of this test'
const MARKUP = `<img src="x" onerror="hacked='yes'">`
const TOKEN = 'CBW65JT5TFYVPJJS7FQIIAW2T4CZHD6FKQKZTN5BPXU3MHH2AJWNSBG5'

let setup: Setup
let url: string
let skipped: string | undefined

beforeAll(async () => {
  const browser = await openBrowser()
  skipped = typeof browser === 'string' ? browser : undefined
  const recording = withHostileEvent(await loadRecording('lively'))
  setup = await openSetup(
    withToken(recording, TOKEN, { decimal: 7, name: MARKUP, symbol: `${MARKUP}‮evil` }),
    {
      simulator: { speed: 0, closed: 80 },
      env: { TIP_STALL_SECONDS: '0', ADMIN_TOKEN },
    },
  )
  url = setup.daemon.url
  await indexed(url, setup.simulator.latestLedger())
})
afterAll(() => Promise.all([setup.close(), closeBrowser()]))
beforeEach((context) => {
  if (skipped !== undefined) context.skip(skipped)
})

/** The last event of the ledgers that are closed at the start is none that the decoder knows. */
function withHostileEvent({ header, ledgers }: Recording): Recording {
  const index = ledgers
    .slice(0, 80)
    .findLastIndex(({ events = [] }) => events.at(-1)?.contractId === header.contractId)
  const ledger = ledgers[index]!
  const strange = {
    ...ledger.events!.at(-1)!,
    topic: [nativeToScVal(MARKUP, { type: 'string' }).toXdr('base64')],
  }
  const changed = { ...ledger, events: [...ledger.events!.slice(0, -1), strange] }
  return { header, ledgers: ledgers.with(index, changed) }
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds serious or critical: `rule: selector`. */
async function faults({ page }: Visitor): Promise<string[]> {
  // Through the debugger, because the policy of the page allows no foreign script.
  await page.evaluate(AXE)
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`))
}

async function isShown({ page }: Visitor, path: string): Promise<void> {
  const name = path === '/' ? 'Streams' : 'Step by step'
  await page.getByRole('table', { name, exact: true }).getByRole('row').nth(1).waitFor()
}

const views = ['/', '/#/streams/1'].flatMap((path) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ path, colorScheme })),
)

test.each(views)('axe finds nothing serious at $path in $colorScheme colours', async (view) => {
  const { path, colorScheme } = view
  const visitor = await visit(url + path, { colorScheme, reducedMotion: 'reduce' })
  await visitor.says('live')
  await isShown(visitor, path)
  expect(await faults(visitor)).toEqual([])
})

test.each(['/', '/#/streams/1'])(
  'a phone of 360 px shows %s without scrolling aside',
  async (path) => {
    const visitor = await visit(url + path, { viewport: { width: 360, height: 740 } })
    await visitor.says('live')
    await isShown(visitor, path)
    const width = () => visitor.page.evaluate(() => document.documentElement.scrollWidth)
    expect(await width()).toBeLessThanOrEqual(360)
    expect(await faults(visitor)).toEqual([])
  },
)

test('the keyboard alone opens a stream and comes back', async () => {
  const visitor = await visit(url)
  const { page } = visitor
  await isShown(visitor, '/')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '')
  const open = page.getByRole('table', { name: 'Streams', exact: true }).getByRole('link').first()
  const name = (await open.textContent())!.trim()
  const press = async (text: string) => {
    for (let presses = 0; presses < 60 && (await focused()).trim() !== text; presses += 1) {
      await page.keyboard.press('Tab')
    }
    await page.keyboard.press('Enter')
  }
  await press(name)
  await page.getByRole('heading', { name: `Stream ${name.slice(1)}` }).waitFor()
  expect(await focused()).toContain(`Stream ${name.slice(1)}`)
  await press('← All streams')
  await isShown(visitor, '/')
})

test('hostile text of a token, an event and an operator is shown as text', async () => {
  const visitor = await visit(url)
  const { page, complaints, asked } = visitor
  await visitor.says('live')
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ message: MARKUP, level: 'warning' })
  await fetch(`${url}/admin/announcements`, { method: 'POST', headers, body })
  await expect.poll(() => page.getByRole('alert').textContent()).toContain(MARKUP)
  await page.getByRole('list', { name: 'Events' }).getByText('unrecognised').waitFor()
  // A symbol is short, and cannot turn the writing around.
  await expect
    .poll(() => page.getByText('<img src="x"', { exact: false }).count())
    .toBeGreaterThan(3)
  expect(await page.locator('body').textContent()).not.toContain('‮')
  expect(await page.locator('#page img, #page script').count()).toBe(0)
  expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false)
  expect(complaints).toEqual([])
  expect([...asked]).toEqual([url])
})

test('amounts are exact, in the decimals of their token', async () => {
  const { page } = await visit(`${url}/#/streams/1`)
  const { data } = (await (await fetch(`${url}/streams/1`)).json()) as {
    data: { depositedAmount: string; tokenAddress: string }
  }
  expect(data.tokenAddress).toBe(TOKEN)
  const units = data.depositedAmount.padStart(8, '0')
  const fraction = units.slice(-7).replace(/0{1,5}$/, '')
  const whole = new Intl.NumberFormat('en').format(BigInt(units.slice(0, -7)))
  const fact = page
    .getByRole('region', { name: 'Now' })
    .locator('dd', { hasText: `${whole}.${fraction}` })
  await fact.first().waitFor()
})

/** The bytes of a body on the wire. */
async function compressedSize(address: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request(address, { headers: { 'accept-encoding': 'gzip' } }, resolve).on('error', reject)
  const response = await promise
  expect([address, response.statusCode]).toEqual([address, 200])
  return Buffer.concat(await response.toArray()).length
}

test('the page is at most 150 KB compressed, and first paints within a second', async () => {
  const visitor = await visit(url)
  await isShown(visitor, '/')
  const paint = () =>
    visitor.page.evaluate(
      () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    )
  // A busy machine makes it slow; a heavy page would never be fast.
  await expect
    .poll(async () => {
      await visitor.page.reload()
      await visitor.page.getByRole('status', { name: 'Connection' }).waitFor()
      return (await paint()) ?? Infinity
    })
    .toBeLessThan(1_000)
  const html = await (await fetch(url)).text()
  const files = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file = '']) => file)
  const sizes = await Promise.all(['', ...files].map((file) => compressedSize(`${url}/${file}`)))
  expect(files.length).toBeGreaterThan(1)
  for (const size of sizes) expect(size).toBeGreaterThan(0)
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(150_000)
})

test('6,000 events leave no more memory in use than the first thousand', async () => {
  const busy = await openSetup(await loadRecording('busy'), {
    simulator: { speed: 0, closed: 25 },
    env: { TIP_STALL_SECONDS: '0', AUDIT_INTERVAL_SECONDS: '0' },
  })
  onTestFinished(busy.close)
  const { simulator, daemon } = busy
  const visitor = await visit(daemon.url)
  const debug = await visitor.context.newCDPSession(visitor.page)
  const heap = async () => {
    await debug.send('HeapProfiler.collectGarbage')
    const { usedSize } = await debug.send('Runtime.getHeapUsage')
    return usedSize / 1_000_000
  }
  const newest = async () => {
    const response = await fetch(`${daemon.url}/events?order=desc&limit=1`)
    return ((await response.json()) as { data: { id: string }[] }).data[0]!.id
  }
  const play = async (ledgers: number) => {
    for (let closed = 0; closed < ledgers; closed += 5) {
      await indexed(daemon.url, simulator.closeNext(5))
      const last = await newest()
      await expect.poll(async () => (await visitor.events())[0]).toBe(last)
    }
  }
  await play(25)
  const before = await heap()
  await play(140)
  const grown = (await heap()) - before
  const counts = (await (await fetch(`${daemon.url}/status`)).json()) as {
    counts: { events: number }
  }
  expect(counts.counts.events).toBeGreaterThan(7_000)
  // The streams of the recording are known in the end, and take less than this.
  expect(grown).toBeLessThan(4)
  expect((await visitor.events()).length).toBe(300)
})

test('a daemon that is behind is shown as behind, and why', async () => {
  const still = await openSetup(await loadRecording('first-steps'), {
    simulator: { speed: 0, closed: 5 },
    env: { TIP_STALL_SECONDS: '1' },
  })
  onTestFinished(still.close)
  const visitor = await visit(still.daemon.url)
  await visitor.says('behind')
  await visitor.page.getByText(/the tip has not moved for \d+ s/).waitFor()
})

test('with AUTH=jwt the page asks for a token, and shows what it may', async () => {
  const secret = 'a secret of thirty-two characters'
  const closed = await openSetup(await loadRecording('first-steps'), {
    env: { AUTH: 'jwt', JWT_SECRET: secret },
  })
  onTestFinished(closed.close)
  const visitor = await visit(closed.daemon.url)
  const { page } = visitor
  const field = page.getByLabel('This daemon shows streams to those who have a token', {
    exact: false,
  })
  await field.waitFor()
  expect(await visitor.connection()).toBe('offline')
  const token = await new SignJWT({ scope: 'events:all' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('visitor')
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret))
  await field.fill(token)
  await visitor.click('Use it')
  await isShown(visitor, '/')
  await expect.poll(async () => (await visitor.events()).length).toBeGreaterThan(10)
  expect(await field.count()).toBe(0)
})
