import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Page } from 'playwright-core'

/** `npm run screenshots`: the README's pictures, of the demo after some minutes of its recording. */

const PROJECT = join(import.meta.dirname, '..')
const PORT = '3987'
const PAGE = `http://localhost:${PORT}/`
/** A stream with a history. */
const STREAM = '5'
const LEDGERS = 110

async function followed(): Promise<number> {
  const response = await fetch(`${PAGE}status`).catch(() => undefined)
  const status = (await response?.json()) as { coverage: [number, number][] } | undefined
  const [from, to] = status?.coverage[0] ?? [0, 0]
  return to - from
}

async function picture(page: Page, name: string): Promise<void> {
  await page.getByRole('status', { name: 'Connection' }).getByText('live').waitFor()
  await page.getByRole('link', { name: 'stream' }).first().waitFor()
  // What has just appeared is still highlighted.
  await page.waitForTimeout(1_500)
  await page.screenshot({ path: join(PROJECT, 'docs', name) })
}

const demo = spawn(process.execPath, [join(PROJECT, 'src/main.ts'), 'demo'], {
  // oxlint-disable-next-line node/no-process-env -- the demo is a user's program
  env: { ...process.env, PORT },
  stdio: 'ignore',
})
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
})
try {
  while ((await followed()) < LEDGERS) await new Promise((resolve) => setTimeout(resolve, 500))
  const viewport = { width: 1280, height: 860 }
  const patience = 120_000
  const light = await browser.newPage({ viewport, colorScheme: 'light' })
  light.setDefaultTimeout(patience)
  await light.goto(PAGE)
  await picture(light, 'page.png')
  const dark = await browser.newPage({ viewport, colorScheme: 'dark' })
  dark.setDefaultTimeout(patience)
  await dark.goto(`${PAGE}#/streams/${STREAM}`)
  await dark.getByRole('figure').waitFor()
  await picture(dark, 'stream.png')
} finally {
  await browser.close()
  demo.kill('SIGTERM')
  await once(demo, 'exit')
}
