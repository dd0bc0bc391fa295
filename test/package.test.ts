import { globSync, readFileSync } from 'node:fs'
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

test('the image holds every file of the checkout that src reads', () => {
  const copied = [...read('Dockerfile').matchAll(/^COPY (?!--)(\S.*) \S+$/gm)].flatMap(
    ([, paths = '']) => paths.split(' '),
  )
  const needed = globSync('src/**/*.ts', { cwd: root })
    .flatMap((path) =>
      [...read(path).matchAll(/new URL\('(\.[^']*)', import/g)].map(([, name = '']) =>
        posix.normalize(`${posix.dirname(path)}/${name}`),
      ),
    )
    .filter((path) => !path.startsWith('src/'))
  expect(needed).toContain('fixtures/lively.jsonl.gz')
  const ignored = read('.dockerignore').split('\n')
  for (const path of needed) {
    const within = (whole: string) => path === whole || path.startsWith(`${whole}/`)
    expect([path, copied.some(within)]).toEqual([path, true])
    expect([path, ignored.some((line) => within(line.replace(/^!/, '')))]).toEqual([path, true])
  }
})
