import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { PATIENCE_MS } from '../support/patience.ts'

/** Someone who looks at the page, and finds things by their names. */
export interface Visitor {
  page: Page
  context: BrowserContext
  /** What the role=status named "Connection" says. */
  connection(): Promise<string | null>
  says(word: string): Promise<void>
  /** The ids in the list "Events", from the top. */
  events(): Promise<string[]>
  click(button: string): Promise<void>
  /** Errors on the console and uncaught ones, unless a test expects them. */
  complaints: string[]
  /** The origins that were asked. */
  asked: Set<string>
}

let browser: Browser | undefined

/** Undefined where Chromium is missing; `context.skip` says why. */
export async function openBrowser(): Promise<Browser | string> {
  const opened = await launchBrowser()
  if (typeof opened !== 'string') browser = opened
  return opened
}

export async function closeBrowser(): Promise<void> {
  await browser?.close()
  browser = undefined
}

/** A new visitor with storage of their own, who leaves after the test. */
export async function visit(url: string, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser!.newContext(options)
  onTestFinished(() => context.close())
  return look(context, url)
}

/** Another tab of a visitor. */
export async function look(context: BrowserContext, url: string): Promise<Visitor> {
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  const complaints: string[] = []
  const asked = new Set<string>()
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => asked.add(new URL(request.url()).origin))
  const connection = () => page.getByRole('status', { name: 'Connection' }).textContent()
  const visitor: Visitor = {
    page,
    context,
    connection,
    says: (word) => expect.poll(connection).toBe(word),
    events: () =>
      page
        .getByRole('list', { name: 'Events' })
        .getByRole('listitem')
        .evaluateAll((items) => items.map((item) => item.getAttribute('data-event-id') ?? '')),
    click: (button) => page.getByRole('button', { name: button }).click(),
    complaints,
    asked,
  }
  await page.goto(url)
  return visitor
}
