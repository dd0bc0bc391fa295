import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { growStreams } from './database.ts'
import { run } from './processes.ts'
import type { Child } from './processes.ts'
import { median, percentile, thousands } from './table.ts'
import type { Figure } from './table.ts'

const STREAMS = 20_000
const SUBSCRIPTIONS = 1_000
/** Many and short, because other work on the machine comes and goes. */
const ROUNDS = 15
const SERVER_CORE = 0
const CLIENT_CORE = 1

/** REST on one core, under as much load as it takes, while subscriptions are live. */
export async function rest(folder: string): Promise<Figure[]> {
  const path = join(folder, 'rest.db')
  const { contractId, networkPassphrase } = await growStreams(path, STREAMS)
  const { ids, users } = read(path)
  const daemon = run(
    ['bench/daemon.child.ts', path, contractId, networkPassphrase],
    {},
    SERVER_CORE,
  )
  const url = await daemon.line()
  const clients = run(['bench/rest.child.ts', url, String(SUBSCRIPTIONS)], {}, CLIENT_CORE)
  await clients.line()
  const targets = {
    health: ['/health'],
    one: ids.map((id) => `/streams/${id}`),
    list: users.map((user) => `/streams?user=${user}&limit=20`),
  }
  const load = async (kind: Kind): Promise<Load> => {
    const before = cpuMs(daemon)
    clients.process.stdin?.write(`${JSON.stringify(targets[kind])}\n`)
    const { perSecond, times } = JSON.parse(await clients.line()) as Omit<Load, 'cpuUs'>
    return { perSecond, times, cpuUs: ((cpuMs(daemon) - before) * 1_000) / times.length }
  }
  // The first round warms up.
  const rounds: Record<Kind, Load>[] = []
  for (let round = 0; round <= ROUNDS; round += 1) {
    rounds.push({ health: await load('health'), one: await load('one'), list: await load('list') })
  }
  await clients.stop()
  await daemon.stop()
  return figures(rounds.slice(1))
}

interface Load {
  perSecond: number
  times: number[]
  /** CPU of the server for one request. */
  cpuUs: number
}

type Kind = 'health' | 'one' | 'list'

/** CPU time that a process has used, in steps of 10 ms; 0 where there is no /proc. */
function cpuMs({ process: { pid } }: Child): number {
  if (process.platform !== 'linux') return 0
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function figures(rounds: readonly Record<Kind, Load>[]): Figure[] {
  const rate = (kind: Kind) => median(rounds.map((round) => round[kind].perSecond))
  const late = (kind: Kind) => median(rounds.map((round) => percentile(round[kind].times, 0.99)))
  const row = (name: string, kind: 'one' | 'list', target: string): Figure => ({
    name: `${name}, one core, ${thousands(SUBSCRIPTIONS)} subscriptions live, requests/s`,
    value: thousands(rate(kind)),
    floor: `${thousands(rate('health'))} (/health)`,
    ratio: median(rounds.map((round) => round[kind].perSecond / round.health.perSecond)).toFixed(2),
    target,
  })
  const cpu = (kind: Kind) => median(rounds.map((round) => round[kind].cpuUs))
  const cpuRow = (name: string, kind: 'one' | 'list'): Figure => ({
    name: `${name}, CPU of the server, µs`,
    value: cpu(kind).toFixed(0),
    floor: `${cpu('health').toFixed(0)} (/health)`,
    ratio: median(rounds.map((round) => round[kind].cpuUs / round.health.cpuUs)).toFixed(2),
    target: '',
  })
  return [
    row('GET /streams/:id', 'one', '≥ 0.6 × floor'),
    row('GET /streams?user=&limit=20', 'list', '≥ 1,000'),
    cpuRow('GET /streams/:id', 'one'),
    cpuRow('GET /streams?user=&limit=20', 'list'),
    {
      name: 'the same list, p99, ms',
      value: late('list').toFixed(1),
      floor: late('health').toFixed(1),
      ratio: (late('list') / late('health')).toFixed(1),
      target: '≤ 20',
    },
  ]
}

/** Streams, and users from those with the most streams to those with few. */
function read(path: string): { ids: string[]; users: string[] } {
  const sqlite = new Database(path, { readonly: true })
  const pluck = (query: string) => sqlite.prepare(query).pluck().all() as string[]
  const ids = pluck('select stream_id from streams order by random() limit 1000')
  const users = pluck('select sender from streams group by 1 order by count(*) desc limit 300')
  sqlite.close()
  return { ids, users }
}
