/**
 * Packs both packages as npm would publish them, looks at what they hold, installs them in an empty
 * project and uses them there as a reader of the README would. It needs npm's registry.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const exec = promisify(execFile)
// The Node that runs this file comes first, as on the machine of somebody who has only that one.
// oxlint-disable-next-line node/no-process-env -- npm needs the rest of it
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}`, PORT: '0' }
const project = await mkdtemp(join(tmpdir(), 'flowfi-packages-'))

/** Every file of a package is in one of these places, and each of these places has one. */
const HELD = {
  'flowfi-indexer': [
    /^package\.json$/,
    /^README\.md$/,
    /^LICENSE$/,
    /^bin\/flowfi-indexer\.mjs$/,
    /^dist\/.*\.js$/,
    /^dist\/(testing|simulator|config|domain)\/.*\.d\.ts$/,
    /^migrations\/\d+_\w+\.sql$/,
    /^migrations\/meta\/_journal\.json$/,
    /^fixtures\/[\w-]+\.jsonl(\.gz)?$/,
    /^web\/dist\/(index\.html|assets\/.*)(\.(gz|br))?$/,
  ],
  'flowfi-client': [
    /^package\.json$/,
    /^README\.md$/,
    /^LICENSE$/,
    /^dist\/(client\/src|src\/domain)\/.*\.js$/,
    /^dist\/(client\/src|src\/domain)\/.*\.d\.ts$/,
  ],
}

/** The strictest settings that a reader may have. */
const CONSUMER = `import { createApi, createFeed, createStreams } from 'flowfi-client'
import { useStreams } from 'flowfi-client/react'
import { startSandbox } from 'flowfi-indexer/testing'
import type { Sandbox } from 'flowfi-indexer/testing'

export async function first(): Promise<string> {
  const sandbox: Sandbox = await startSandbox({ recording: 'first-steps', faults: [], env: {} })
  const feed = createFeed({ url: sandbox.url, all: true, from: 'earliest' })
  const api = createApi({ url: sandbox.url })
  const { data } = await api.GET('/streams')
  for await (const event of feed) {
    if (event.type === 'stream.withdrawn') return event.amount + String(data?.asOf?.ledger)
  }
  await sandbox.close()
  const streams = createStreams({ url: sandbox.url, all: true })
  return streams.claimable('1') ?? String(useStreams)
}
`

const USE = `import assert from 'node:assert/strict'
import { createFeed, createStreams } from 'flowfi-client'
import { useStreams } from 'flowfi-client/react'
import { startSandbox } from 'flowfi-indexer/testing'

const sandbox = await startSandbox({ recording: 'first-steps' })
await sandbox.advance(5)
const feed = createFeed({ url: sandbox.url, all: true, from: 'earliest' })
const types = []
for await (const event of feed) {
  types.push(event.type)
  if (event.type === 'stream.withdrawn') break
}
assert.equal(types[0], 'protocol.initialized')
feed.close()
const streams = createStreams({ url: sandbox.url, all: true })
await streams.ready
assert.match(streams.claimable('1'), /^\\d+$/)
streams.close()
assert.equal(typeof useStreams, 'function')
const page = await fetch(sandbox.url)
assert.match(await page.text(), /<script type="module"/)
await sandbox.close()
`

try {
  const packages = [await pack('.'), await pack('client')]
  for (const each of packages) await step(`what ${each.name} holds`, () => look(each))
  const paths = packages.map(({ path }) => path)
  const { devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  const react = ['react', '@types/react'].map((name) => `${name}@${devDependencies[name]}`)
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }')
  await step('install both in an empty project', () =>
    npm('install', '--prefer-offline', ...paths, ...react),
  )
  await step('types, under bundler and nodenext', checkTypes)
  await step('npx flowfi-indexer demo', playDemo)
  await step('a script and the example of the README', useBoth)
} finally {
  await rm(project, { recursive: true, force: true })
}

async function step(name, work) {
  const startedAt = performance.now()
  await work()
  console.log(`ok  ${name} (${((performance.now() - startedAt) / 1_000).toFixed(1)} s)`)
}

function npm(...args) {
  return exec('npm', args, { cwd: project, env })
}

async function pack(folder) {
  const args = ['pack', '--json', '--pack-destination', project]
  const { stdout } = await exec('npm', args, { cwd: join(ROOT, folder), env })
  // Scripts may print before npm does.
  const packed = JSON.parse(stdout.slice(stdout.search(/^[[{]$/m)))
  const [{ name, filename, files }] = Object.values(packed)
  return { name, path: join(project, filename), files: files.map(({ path }) => path) }
}

async function look({ name, path, files }) {
  const places = HELD[name]
  const strangers = files.filter((file) => !places.some((place) => place.test(file)))
  assert.deepEqual(strangers, [], `${name} holds what nobody needs`)
  const empty = places.filter((place) => !files.some((file) => place.test(file)))
  assert.deepEqual(empty, [], `${name} lacks something`)
  await tool('publint/src/cli.js', 'run', path, '--strict')
  await tool('@arethetypeswrong/cli/dist/index.js', path, '--profile', 'esm-only')
}

async function tool(file, ...args) {
  try {
    await exec(process.execPath, [join(ROOT, 'node_modules', file), ...args], { cwd: project, env })
  } catch (error) {
    throw new Error(`${file}:\n${error.stdout}${error.stderr}`, { cause: error })
  }
}

async function checkTypes() {
  await writeFile(join(project, 'consumer.ts'), CONSUMER)
  for (const [module, moduleResolution] of [
    ['esnext', 'bundler'],
    ['nodenext', 'nodenext'],
  ]) {
    const options = ['--module', module, '--moduleResolution', moduleResolution, '--noEmit']
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess']
    const libraries = ['--target', 'es2022', '--lib', 'es2022,dom,dom.iterable', '--types', '']
    await tool('typescript/bin/tsc', ...options, ...strict, ...libraries, 'consumer.ts')
  }
}

/** Until the first event of a stream is printed. */
async function playDemo() {
  const demo = spawn('npx', ['flowfi-indexer', 'demo'], { cwd: project, env, detached: true })
  demo.stderr.pipe(process.stderr)
  const ended = once(demo, 'exit')
  let isPlaying = false
  for await (const line of createInterface({ input: demo.stdout })) {
    isPlaying ||= line.includes('stream.created')
    if (isPlaying) break
  }
  if (demo.exitCode === null) process.kill(-Number(demo.pid), 'SIGINT')
  await ended
  assert.ok(isPlaying, 'the demo ended before it printed an event of a stream')
}

async function useBoth() {
  await writeFile(join(project, 'use.js'), USE)
  await exec(process.execPath, ['use.js'], { cwd: project, env })
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
  const [, example] = /```ts\n([^`]*flowfi-indexer\/testing[^]*?)```/.exec(readme)
  await writeFile(join(project, 'example.test.ts'), example)
  await exec(process.execPath, ['--test'], { cwd: project, env })
}
