import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { STREAM_STATUSES } from '../src/domain/stream.ts'
import { STREAM_SORTS } from '../src/store/read/streams.ts'
import { growStreams } from './database.ts'
import { run } from './processes.ts'
import { median, percentile } from './table.ts'
import type { Figure } from './table.ts'

const STREAMS = 100_000
const PER_SECOND = 200
const SECONDS = 15

/** `GET /streams` at a steady rate, with each filter in each sort and order. */
export async function streams(folder: string): Promise<Figure[]> {
  const path = join(folder, 'streams.db')
  const { contractId, networkPassphrase } = await growStreams(path, STREAMS)
  const urls = queries(path)
  const daemon = run(['bench/daemon.child.ts', path, contractId, networkPassphrase])
  const url = await daemon.line()
  await load(urls.map((query) => `${url}/streams?${query}`).slice(0, 200))
  const asked = Array.from({ length: PER_SECOND * SECONDS }, (_, n) => urls[(n * 7) % urls.length])
  const ours = await load(asked.map((query) => `${url}/streams?${query}`))
  const floor = await load(asked.map(() => `${url}/health`))
  await daemon.stop()
  const figure = (name: string, of: (values: number[]) => number, target: string): Figure => ({
    name: `GET /streams of ${STREAMS / 1_000}k at ${PER_SECOND}/s, ${name}, ms`,
    value: of(ours).toFixed(1),
    floor: of(floor).toFixed(1),
    ratio: (of(ours) / of(floor)).toFixed(1),
    target,
  })
  return [
    figure('median', median, ''),
    figure('p99', (values) => percentile(values, 0.99), '< 10'),
    figure('worst', (values) => Math.max(...values), ''),
  ]
}

function queries(path: string): string[] {
  const sqlite = new Database(path, { readonly: true })
  const column = (name: string, limit: number) =>
    sqlite
      .prepare(`select ${name} from streams group by 1 order by count(*) desc limit ?`)
      .pluck()
      .all(limit) as string[]
  // The whale comes first, then other addresses.
  const senders = column('sender', 20)
  const recipients = column('recipient', 20)
  const filters = [
    '',
    ...senders.map((address) => `sender=${address}`),
    ...recipients.map((address) => `recipient=${address}`),
    ...senders.map((address) => `user=${address}`),
    ...column('token_address', 5).map((address) => `token=${address}`),
    ...STREAM_STATUSES.map((status) => `status=${status}`),
    ...senders.slice(0, 5).map((address) => `sender=${address}&status=active`),
  ]
  sqlite.close()
  return filters.flatMap((filter) =>
    STREAM_SORTS.flatMap((sort) =>
      ['asc', 'desc'].map((order) =>
        `${filter}&sort=${sort}&order=${order}&limit=50`.replace(/^&/, ''),
      ),
    ),
  )
}

/** Milliseconds of each request, sent at a steady rate without waiting for answers. */
async function load(urls: readonly string[]): Promise<number[]> {
  const began = performance.now()
  const answers: Promise<number>[] = []
  for (const [number, url] of urls.entries()) {
    const due = began + (number * 1_000) / PER_SECOND
    const wait = due - performance.now()
    if (wait > 0) await sleep(wait)
    answers.push(request(url))
  }
  return Promise.all(answers)
}

async function request(url: string): Promise<number> {
  const began = performance.now()
  const response = await fetch(url)
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return performance.now() - began
}
