/** `npm run bench:feed [-- row …] [--subscriptions N] [--soak-minutes M]`: prints one table. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BENCHES } from './feed/rows.ts'
import type { Row } from './feed/row.ts'

const USAGE = `usage: npm run bench:feed [-- row …] [--subscriptions N (1000 or more)] [--soak-minutes M]; rows: ${Object.keys(BENCHES).join(', ')}`

interface Asked {
  names: readonly string[]
  subscriptions: number
  soakMinutes: number
}

/** What the command line asks for; undefined if it is not valid. */
function parseCommandLine(): Asked | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        subscriptions: { type: 'string', default: '10000' },
        'soak-minutes': { type: 'string', default: '1' },
      },
    })
    const subscriptions = Number(values.subscriptions)
    const soakMinutes = Number(values['soak-minutes'])
    if (!Number.isInteger(subscriptions) || subscriptions < 1_000) return undefined
    if (!(soakMinutes > 0) || !positionals.every((name) => Object.hasOwn(BENCHES, name))) {
      return undefined
    }
    const names = positionals.length === 0 ? Object.keys(BENCHES) : positionals
    return { names, subscriptions, soakMinutes }
  } catch {
    return undefined
  }
}

async function run({ names, ...asked }: Asked): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'flowfi-feed-'))
  const rows: Row[] = []
  let failed = 0
  try {
    for (const name of names) {
      process.stderr.write(`${name} …\n`)
      try {
        for (const row of (await BENCHES[name]?.({ folder, ...asked })) ?? []) {
          rows.push(row)
          process.stderr.write(`  ${row.name}: ${row.ours}\n`)
        }
      } catch (error) {
        // One failed row must not cost the other figures.
        failed += 1
        process.stderr.write(`  failed: ${String(error)}\n`)
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  process.stdout.write(
    '| figure | ours | floor | ratio | rivals | target |\n|---|---|---|---|---|---|\n',
  )
  for (const { name, ours, floor, ratio, rivals, target } of rows) {
    process.stdout.write(`| ${name} | ${ours} | ${floor} | ${ratio} | ${rivals} | ${target} |\n`)
  }
  return failed === 0 ? 0 : 1
}

const asked = parseCommandLine()
if (asked === undefined) process.stderr.write(`${USAGE}\n`)
process.exit(asked === undefined ? 2 : await run(asked))
