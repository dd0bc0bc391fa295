import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { neededFor } from '../../src/http/middleware/access.ts'
import { pageRoutes } from '../../src/rest/page.ts'

const SCRIPT = 'export const name = "page"'

/** A folder like `web/dist`, with what the build makes. */
async function built(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'flowfi-page-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>page</title>')
  const script = join(folder, 'assets/index-1.js')
  await writeFile(script, SCRIPT)
  await writeFile(`${script}.br`, brotliCompressSync(SCRIPT))
  await writeFile(`${script}.gz`, gzipSync(SCRIPT))
  await writeFile(join(folder, 'assets/secret.txt'), 'not ours')
  return folder
}

test('where the page has not been built, / says how, and it appears when it is built', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'flowfi-page-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const routes = pageRoutes(folder)
  const missing = await routes.request('/')
  expect(missing.status).toBe(503)
  expect(await missing.text()).toContain('npm run build:page')
  expect((await routes.request('/assets/index-1.js')).status).toBe(404)
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>now</title>')
  const page = await routes.request('/')
  expect([page.status, await page.text()]).toEqual([200, '<!doctype html><title>now</title>'])
})

test('the page carries a strict policy, and is revalidated by its ETag', async () => {
  const routes = pageRoutes(await built())
  const { status, headers } = await routes.request('/')
  expect([status, headers.get('cache-control')]).toEqual([200, 'no-cache'])
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/)
  expect(headers.get('content-security-policy')).not.toContain('unsafe')
  expect(headers.get('x-frame-options')).toBe('DENY')
  const again = await routes.request('/', { headers: { 'if-none-match': headers.get('etag')! } })
  expect([again.status, again.headers.get('etag')]).toEqual([304, headers.get('etag')])
})

test('assets may be kept for ever, and come compressed as the build made them', async () => {
  const routes = pageRoutes(await built())
  const ask = (coding: string) =>
    routes.request('/assets/index-1.js', { headers: { 'accept-encoding': coding } })
  const plain = await ask('identity')
  expect(await plain.text()).toBe(SCRIPT)
  expect(plain.headers.get('content-type')).toBe('text/javascript')
  expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  const made = { 'gzip, br': ['br', brotliCompressSync], gzip: ['gzip', gzipSync] } as const
  for (const [accepted, [coding, compress]] of Object.entries(made)) {
    const response = await ask(accepted)
    expect(response.headers.get('content-encoding')).toBe(coding)
    expect(Buffer.from(await response.arrayBuffer()).equals(compress(SCRIPT))).toBe(true)
  }
})

test('only what the page loads can be read', async () => {
  const routes = pageRoutes(await built())
  for (const path of ['secret.txt', 'index-1.js.br', '..%2findex.html', 'nothing.js']) {
    expect([path, (await routes.request(`/assets/${path}`)).status]).toEqual([path, 404])
  }
})

test('the page and its assets need no token', () => {
  for (const path of ['/', '/assets/index-1.js']) expect(neededFor(path, 'jwt')).toBe('nothing')
})
