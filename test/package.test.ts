import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(`${root}/${path}`, 'utf8')

test('what src imports is installed with npm ci --omit=dev', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: object }
  const imported = globSync('src/**/*.ts', { cwd: root })
    .flatMap((path) => read(path).split('\n'))
    .flatMap((line) => /^(?:import|export|\}).* from '([^'.][^']*)'$/.exec(line)?.[1] ?? [])
  const packages = imported.map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? '')
  const foreign = new Set(packages.filter((name) => !isBuiltin(name)))
  expect(foreign.size).toBeGreaterThan(5)
  expect([...foreign].filter((name) => !(name in dependencies))).toEqual([])
})

test('the image holds every file that src reads beside its modules', () => {
  const image = read('Dockerfile')
    .split(/^FROM /m)
    .at(-1)!
  const copied = [...image.matchAll(/^COPY (?:--from=\S+ )?\S.* (\S+)$/gm)].map(([, to = '']) => to)
  const needed = globSync('src/**/*.ts', { cwd: root })
    // A sandbox is for tests.
    .filter((path) => !path.startsWith('src/testing/'))
    .flatMap((path) =>
      [...read(path).matchAll(/new URL\('(\.[^']*)', import/g)].map(([, name = '']) =>
        posix.join(posix.dirname(path), name),
      ),
    )
    .filter((path) => !path.startsWith('src/'))
  expect(needed).toContain('fixtures/lively.jsonl.gz')
  for (const path of needed) {
    const holds = (whole: string) => path.startsWith(whole) || `${path}/`.startsWith(whole)
    expect([path, copied.some((to) => holds(to.replace('./', '')))]).toEqual([path, true])
  }
})

test('the image is built from files that Docker gets', () => {
  const ignored = read('.dockerignore').split('\n')
  const sources = [...read('Dockerfile').matchAll(/^COPY (?!--)(\S.*) \S+$/gm)].flatMap(
    ([, paths = '']) => paths.split(' '),
  )
  expect(sources).toContain('src')
  for (const path of sources) {
    expect([path, existsSync(`${root}/${path}`)]).toEqual([path, true])
    const given = ignored.some((line) => line.startsWith('!') && path.startsWith(line.slice(1)))
    expect([path, given]).toEqual([path, true])
  }
})

test('the command runs in a checkout that has not been built', () => {
  const { bin } = JSON.parse(read('package.json')) as { bin: Record<string, string> }
  expect(read(bin['flowfi-indexer']!)).toContain("new URL('../src/main.ts', import.meta.url)")
  expect(statSync(`${root}/${bin['flowfi-indexer']}`).mode & 0o111).toBe(0o111)
})

test('what is published has one version', () => {
  const versions = ['package.json', 'client/package.json', 'web/package.json'].map(
    (path) => (JSON.parse(read(path)) as { version: string }).version,
  )
  expect(new Set(versions).size).toBe(1)
})
