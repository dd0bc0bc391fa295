import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { EVENT_TYPES } from '../../src/domain/event.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import { launchBrowser } from '../support/browser.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { describe as describeAnswers } from '../support/described/every-answer.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'

let daemon: FeedDaemon

beforeAll(async () => {
  daemon = await startFeedDaemon({ recording: 'first-steps' })
})
afterAll(() => daemon.close())

interface Described {
  openapi: string
  paths: Record<string, Record<string, { operationId: string }>>
  components: { schemas: Record<string, { discriminator?: { mapping: object } }> }
}

async function document(): Promise<{ text: string; described: Described }> {
  const response = await fetch(`${daemon.url}/openapi.json`)
  expect(response.headers.get('content-type')).toBe('application/json')
  const text = await response.text()
  return { text, described: JSON.parse(text) as Described }
}

test('the OpenAPI document describes every event type and frame, and names each operation once', async () => {
  const { described } = await document()
  expect(described.openapi).toBe('3.1.0')
  const { mapping } = described.components.schemas['Event']!.discriminator!
  expect(Object.keys(mapping)).toEqual(EVENT_TYPES)
  expect(Object.keys(described.components.schemas)).toContain('FeedFrame')
  const ids = Object.values(described.paths).flatMap((item) =>
    Object.values(item).map(({ operationId }) => operationId),
  )
  expect(new Set(ids).size).toBe(ids.length)
})

test('every reference in the OpenAPI document leads somewhere', async () => {
  const { text, described } = await document()
  for (const [, path = ''] of text.matchAll(/"\$ref":"#\/([^"]*)"/g)) {
    const target = path
      .split('/')
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], described)
    expect([path, typeof target]).toEqual([path, 'object'])
  }
})

test('the reference page and all it loads come from this server, without inline code', async () => {
  const page = await fetch(`${daemon.url}/docs`)
  const html = await page.text()
  const policy = page.headers.get('content-security-policy')
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toContain('unsafe')
  expect(page.headers.get('x-frame-options')).toBe('DENY')
  const loaded = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url = '']) => url)
  expect(loaded.length).toBe(4)
  for (const url of loaded) {
    expect(url).not.toContain(':')
    const response = await fetch(new URL(url, `${daemon.url}/docs`))
    expect([url, response.status]).toEqual([url, 200])
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(100)
  }
  expect(html).not.toMatch(/<script>|<style|style=| on\w+=/)
  expect((await fetch(`${daemon.url}/docs/package.json`)).status).toBe(404)
})

test('a daemon that is no SEP-10 server describes its routes, and says what is missing', async () => {
  const { described } = await document()
  expect(Object.keys(described.paths)).toEqual(
    expect.arrayContaining(['/auth', '/.well-known/stellar.toml']),
  )
  for (const method of ['GET', 'POST']) {
    const response = await fetch(`${daemon.url}/auth`, { method })
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({ error: expect.stringContaining('SEP10_SIGNING_KEY') })
  }
  const toml = await fetch(`${daemon.url}/.well-known/stellar.toml`)
  expect([toml.status, toml.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
})

test('what the suite compares answers with finds fields, types and statuses that are not described', async () => {
  const { differences } = await describeAnswers()
  const answer = { method: 'GET', path: '/health', status: 200, type: 'application/json' }
  expect(differences({ ...answer, body: '{"status":"ok"}' })).toEqual([])
  expect(differences({ ...answer, body: '{"status":"ok","extra":1}' })).toEqual([
    '/extra: is not described',
  ])
  expect(differences({ ...answer, body: '{"status":"well"}' }).length).toBeGreaterThan(0)
  expect(differences({ ...answer, status: 404 })).not.toEqual([])
  expect(differences({ ...answer, type: 'text/html' })).not.toEqual([])
  expect(differences({ ...answer, path: '/healthy' })).not.toEqual([])
})

test('a browser renders the reference page, breaks no policy, and asks no other host', async (context) => {
  const browser = await launchBrowser()
  if (typeof browser === 'string') return context.skip(browser)
  onTestFinished(() => browser.close())
  const page = await browser.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  const complaints: string[] = []
  const asked = new Set<string>()
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => asked.add(new URL(request.url()).origin))
  await page.goto(`${daemon.url}/docs`)
  await page.waitForSelector('#operations-Streams-getStreams')
  expect(complaints).toEqual([])
  expect([...asked].filter((origin) => origin !== 'null')).toEqual([daemon.url])
})
