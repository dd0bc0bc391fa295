import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parseConfig, variableNames } from '../../src/config/config.ts'

const text = await readFile('deploy/compose.yaml', 'utf8')
/** What the example gives to each node. */
const [, common = ''] = /^x-environment:.*\n((?: .*\n)+)/m.exec(text) ?? []

test('deploy/compose.yaml sets variables that exist, to values that are legal', () => {
  const lines = common.matchAll(/^ {2}([A-Z_]+): (.*)$/gm)
  const given = { CONTRACT_ID: `C${'A'.repeat(55)}`, ADMIN_TOKEN: 'x'.repeat(32) }
  const env = Object.fromEntries(
    Array.from(lines, ([, name = '', value = '']) => [name, filled(value, given)]),
  )
  const names = variableNames()
  expect(Object.keys(env).filter((name) => !names.includes(name))).toEqual([])
  expect(Object.keys(env)).toContain('REDIS_URL')
  const own = { NODE_NAME: 'node-1', NODE_URL: 'http://node-1:3001' }
  expect(text).toContain(`NODE_NAME: ${own.NODE_NAME}, NODE_URL: '${own.NODE_URL}'`)
  const config = parseConfig({ ...env, ...own, CONTRACT_ID: '' })
  expect(config).toMatchObject({ nodeName: 'node-1', nodeUrl: 'http://node-1:3001' })
})

/** The value with its variables: `${NAME:-default}` or `${NAME:?reason}`. */
function filled(value: string, given: Record<string, string>): string {
  return value.replaceAll(/\$\{(\w+):([-?])([^}]*)\}/g, (_, name: string, kind, fallback) =>
    String(given[name] ?? (kind === '-' ? fallback : 'secret')),
  )
}
