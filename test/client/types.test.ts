import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe as describeTests, expect, onTestFinished, test } from 'vitest'
import { GENERATED, typesOf } from '../../client/generate.ts'
import { describe } from '../support/described/every-answer.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

test('the types of createApi are those of the OpenAPI document', async () => {
  const { document } = await describe()
  const generated = await readFile(GENERATED, 'utf8')
  expect(await typesOf(JSON.stringify(document)), 'npm run client:types').toBe(generated)
})

const RIGHT = `
import { createApi, createFeed, createStreams, FeedError } from 'flowfi-client'
import type { FeedEvent, FeedOptions, Stream } from 'flowfi-client'
import { useClaimable, useFeed, useStream, useStreams } from 'flowfi-client/react'

const url = 'https://flowfi.example'
export const options: FeedOptions = { url, users: ['G'], streams: ['7'], from: 'earliest' }
const feed = createFeed({ ...options, token: async () => 'token', onError: (error) => error.reason })
export async function booked(): Promise<string[]> {
  const amounts: string[] = []
  for await (const event of feed) if (event.type === 'stream.withdrawn') amounts.push(event.amount)
  return amounts
}
const narrow = createFeed({ url, types: ['stream.paused', 'stream.resumed'] })
export const stop: () => void = narrow.on('stream.paused', ({ pausedAt }) => pausedAt ?? 0)
feed.on('reset', ({ reason }) => reason === 'gap')
feed.on('event', (event: FeedEvent) => event.id)
export const position: string | undefined = feed.cursor
export const isLive: boolean = feed.state === 'live'

const streams = createStreams({ url, users: ['G'], signal: new AbortController().signal })
export const one: Stream | undefined = streams.get('7')
export const amount: string | undefined = streams.claimable('7', 1_800_000_000)
export const over: boolean = streams.error instanceof FeedError

const api = createApi({ url, token: 'token' })
export async function statuses(): Promise<string[]> {
  const { data, error } = await api.GET('/streams', { params: { query: { limit: 5 } } })
  if (error) throw new Error(error.detail)
  return data.data.map(({ status }) => status)
}
export async function refund(id: string): Promise<string | undefined> {
  const { data } = await api.GET('/streams/{id}/events', { params: { path: { id } } })
  const last = data?.data.at(-1)
  return last?.type === 'stream.cancelled' ? last.refundedAmount : undefined
}

export function useAll(id: string): (string | undefined)[] {
  const { events } = useFeed({ url, types: ['stream.withdrawn'], onEvent: ({ amount }) => amount })
  const { streams: all, state } = useStreams({ url, all: true })
  const { stream } = useStream(id, { url })
  const { claimable, error } = useClaimable(id, { url, users: ['G'] })
  return [events[0]?.amount, all[0]?.status, state, stream?.sender, claimable, error?.reason]
}
`

const MISTAKES = {
  'a feed without a filter': `createFeed({ url })`,
  'everything, and a filter beside it': `createFeed({ url, all: true, streams: ['7'] })`,
  'a number for an id, which may have 20 digits': `createStreams({ url, streams: [7] })`,
  'a type that does not exist': `createFeed({ url, types: ['stream.withdraw'] })`,
  'a field that only some events have': `feed.on('event', (event) => event.amount)`,
  'a sum of decimal strings as a number': `export const sum: number = streams.claimable('7') ?? 0`,
  'a listener of events that the filter leaves out': `narrow.on('stream.created', () => {})`,
  'a parameter that the route does not have': `void api.GET('/streams', { params: { query: { page: 2 } } })`,
  'a stream that may not be there': `export const sender: string = streams.get('7').sender`,
}

describeTests('a strict consumer of what is published', () => {
  test('compiles under both resolutions, and its typical mistakes do not', async () => {
    await run(process.execPath, ['tools/build.mjs', '--prepare', 'client'], { cwd: ROOT })
    const folder = await mkdtemp(join(await cacheFolder(), 'consumer-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const wrong = Object.entries(MISTAKES).map(
      ([mistake, code]) => `// @ts-expect-error ${mistake}\n${code}`,
    )
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await writeFile(join(folder, 'consumer.ts'), [RIGHT, ...wrong].join('\n'))
    const examples = await examplesOfReadme()
    expect(examples.length).toBeGreaterThan(3)
    for (const [number, code] of examples.entries()) {
      await writeFile(join(folder, `example-${number}.ts`), code)
    }
    await Promise.all([
      compile(folder, { module: 'esnext', moduleResolution: 'bundler' }),
      compile(folder, { module: 'nodenext', moduleResolution: 'nodenext' }),
    ])
  })
})

/** Its pieces of code, with what an application would have around them. */
async function examplesOfReadme(): Promise<string[]> {
  const readme = await readFile(join(ROOT, 'client/README.md'), 'utf8')
  const around = `
    import { createFeed } from 'flowfi-client'
    declare const feed: import('flowfi-client').Feed
    declare const session: { token(): Promise<string> }
    declare const banner: { show(text: string): void; hide(): void }
  `
  const codes = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code ?? '')
  return codes.map((code) => (code.startsWith('import ') ? code : around + code))
}

/** Inside the checkout, so that the consumer finds the packages as in a project of its own. */
async function cacheFolder(): Promise<string> {
  const folder = join(ROOT, 'node_modules/.cache')
  await mkdir(folder, { recursive: true })
  return folder
}

async function compile(folder: string, resolution: Record<string, string>): Promise<void> {
  const project = join(folder, `${resolution['module']}.json`)
  const compilerOptions = {
    ...resolution,
    target: 'es2023',
    lib: ['es2023', 'dom', 'dom.iterable'],
    types: [],
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
  }
  await writeFile(project, JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const told = await run(process.execPath, [tsc, '--project', project]).catch(
    ({ stdout }: { stdout: string }) => ({ stdout }),
  )
  expect(told.stdout).toBe('')
}
