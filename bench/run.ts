/** `npm run bench [-- name …]`: prints one table. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backfill } from './backfill.ts'
import { backlog } from './backlog.ts'
import { cluster } from './cluster.ts'
import { expensive } from './expensive.ts'
import { pacing } from './pacing.ts'
import { replay } from './replay.ts'
import { rest } from './rest.ts'
import { start } from './start.ts'
import { streams } from './streams.ts'
import { summary } from './summary.ts'
import { waiting } from './waiting.ts'
import { format } from './table.ts'
import type { Figure } from './table.ts'

const BENCHES = {
  backfill,
  backlog,
  cluster,
  expensive,
  pacing,
  replay,
  rest,
  start,
  streams,
  summary,
  waiting,
}

const asked = process.argv.slice(2)
const unknown = asked.find((name) => !(name in BENCHES))
if (unknown !== undefined) {
  process.stderr.write(`unknown bench ${unknown}; choose from ${Object.keys(BENCHES).join(', ')}\n`)
  process.exit(2)
}
const folder = await mkdtemp(join(tmpdir(), 'flowfi-bench-'))
const figures: Figure[] = []
try {
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (asked.length > 0 && !asked.includes(name)) continue
    process.stderr.write(`${name} …\n`)
    figures.push(...(await bench(folder)))
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
process.stdout.write(`${format(figures)}\n`)
process.exit(0)
