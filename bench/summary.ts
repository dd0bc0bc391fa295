import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { drain } from '../src/http/sliced.ts'
import { openStoreForReading } from '../src/store/store.ts'
import { growStreams } from './database.ts'
import { median, thousands } from './table.ts'
import type { Figure } from './table.ts'

/** A third of all streams have the same sender. */
const SHARE = 3
const STREAMS = 100_000
const ROUNDS = 9
const MIGRATION = new URL('../migrations/0001_stream_totals.sql', import.meta.url)

/** What `/users/:address/summary` reads for an address that sends very many streams. */
export async function summary(folder: string): Promise<Figure[]> {
  const path = join(folder, 'summary.db')
  await growStreams(path, SHARE * STREAMS)
  const { address, streams } = fillTotals(path)
  const store = openStoreForReading(path)
  const time = 1_800_000_000
  const steps: number[] = []
  const totals = measured(() => store.streams.totals(address))
  const claimable = measured(() => {
    drain(timed(store.streams.claimable(address, time), steps))
    store.streams.totals(address)
  })
  store.close()
  const sqlite = new Database(path, { readonly: true })
  const read = sqlite.prepare(
    'select count(*), max(last_update_time) from streams where sender = ?',
  )
  const floor = measured(() => read.get(address))
  sqlite.close()
  const row = (name: string, value: number, target: string): Figure => ({
    name: `summary of a user with ${thousands(streams)} streams, ${name}, ms`,
    value: value.toFixed(1),
    floor: `${floor.toFixed(1)} (SQLite reads their rows)`,
    ratio: (value / floor).toFixed(2),
    target,
  })
  return [
    row('counts and sums', totals, '≤ 20'),
    row('with claimable', claimable, '≤ 300'),
    row('with claimable, longest step', Math.max(...steps), '≤ 10'),
  ]
}

/** The streams were copied by SQL, so their sums are made as a migration makes them. */
function fillTotals(path: string): { address: string; streams: number } {
  const sqlite = new Database(path)
  sqlite.aggregate<bigint>('decimal_sum', {
    start: 0n,
    step: (sum: bigint, value: unknown) => sum + BigInt(value as string),
    result: (sum) => sum.toString(),
  })
  sqlite.exec('delete from stream_totals')
  for (const statement of readFileSync(MIGRATION, 'utf8').split('--> statement-breakpoint')) {
    if (statement.includes('INSERT')) sqlite.exec(statement)
  }
  const most = sqlite
    .prepare(
      'select sender as address, count(*) as streams from streams group by 1 order by 2 desc limit 1',
    )
    .get() as { address: string; streams: number }
  sqlite.close()
  return most
}

/** Milliseconds, at the median. */
function measured(work: () => unknown): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const began = performance.now()
    work()
    return performance.now() - began
  })
  return median(times)
}

function* timed<T>(work: Generator<void, T>, steps: number[]): Generator<void, T> {
  for (;;) {
    const began = performance.now()
    const { done, value } = work.next()
    steps.push(performance.now() - began)
    if (done === true) return value
    yield
  }
}
