import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'

const PROJECT = join(import.meta.dirname, '..')
const CRUISER = join(PROJECT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')

const Findings = z.object({
  summary: z.object({
    violations: z.array(z.object({ from: z.string(), rule: z.object({ name: z.string() }) })),
  }),
})

/** Writes the given files and returns what the walls say about them: `file: rule`, sorted. */
async function check(files: Record<string, string>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'walls-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const config = join(PROJECT, '.dependency-cruiser.mjs')
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      CRUISER,
      '--config',
      config,
      '--output-type',
      'json',
      ...new Set(Object.keys(files).map((path) => path.split('/')[0]!)),
    ],
    { cwd: folder },
  )
  const { violations } = Findings.parse(JSON.parse(stdout)).summary
  return violations.map(({ from, rule }) => `${from}: ${rule.name}`).toSorted()
}

test('a forbidden import is found, whether it is of a type, of a value or dynamic', async () => {
  const found = await check({
    'src/store/store.ts': 'export interface Store {}',
    'src/store/read/log.ts': `import type { Writer } from '../write/writer.ts'`,
    'src/store/write/writer.ts': 'export interface Writer {}',
    'src/ingest/ingest.ts': `import { openStore } from '../store/store.ts'`,
    'src/decode/type.ts': `import type { Store } from '../store/store.ts'`,
    'src/domain/inline.ts': `import { type Store } from '../store/store.ts'`,
    'src/audit/dynamic.ts': `const ingest = await import('../ingest/ingest.ts')`,
    'src/source/again.ts': `export { ingest } from '../ingest/ingest.ts'`,
    'src/feed/read.ts': `import { log } from '../store/read/log.ts'`,
    'src/feed/write.ts': `import { writer } from '../store/write/writer.ts'`,
    'src/rest/docs/deep.ts': `import { support } from '../../../test/support.ts'`,
    'test/support.ts': 'export const support = 1',
  })
  expect(found).toEqual([
    'src/audit/dynamic.ts: audit',
    'src/decode/type.ts: decode',
    'src/domain/inline.ts: domain',
    'src/feed/write.ts: feed',
    'src/rest/docs/deep.ts: not-src',
    'src/source/again.ts: source',
    'src/store/read/log.ts: store-read',
  ])
})

test('a circle of types and a room without a wall are found', async () => {
  const found = await check({
    'src/domain/event.ts': `import type { Stream } from './stream.ts'`,
    'src/domain/stream.ts': `import type { Event } from './event.ts'`,
    'src/attic/old.ts': `import type { Stream } from '../domain/stream.ts'`,
  })
  expect(found).toEqual(['src/attic/old.ts: room-without-a-wall', 'src/domain/event.ts: circle'])
})

test('the client imports only pure values from the daemon, the page only the client, and the daemon neither', async () => {
  const found = await check({
    'src/domain/fold.ts': 'export const fold = 1',
    'src/feed/feed.ts': 'export const feed = 1',
    'src/rest/page.ts': `import { app } from '../../web/src/app.tsx'`,
    'client/src/client.ts': `import { fold } from '../../src/domain/fold.ts'`,
    'client/src/deep.ts': `import { feed } from '../../src/feed/feed.ts'`,
    'web/src/app.tsx': `import { createFeed } from '../../client/src/client.ts'\nexport const app = 1`,
    'web/src/fold.ts': `import { fold } from '../../src/domain/fold.ts'`,
    'web/src/inner.ts': `import { deep } from '../../client/src/deep.ts'`,
  })
  expect(found).toEqual([
    'client/src/deep.ts: client',
    'src/rest/page.ts: daemon',
    'web/src/fold.ts: web',
    'web/src/inner.ts: web',
  ])
})
