import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readRecording } from '../src/simulator/recording.ts'
import { createSimulator } from '../src/simulator/simulator.ts'
import type { Simulator } from '../src/simulator/simulator.ts'
import { BUSY, growBackwards } from './database.ts'
import { run } from './processes.ts'
import { median, percentile, thousands } from './table.ts'
import type { Figure } from './table.ts'

const EVENTS = 200_000
const SECONDS = 15
const ASK_EVERY_MS = 20
const LEDGER_EVERY_MS = 400
const PORT = 39_874

interface Measured {
  health: number[]
  live: number[]
}

/**
 * What others notice while clients send the most expensive legal requests: the time of `/health`,
 * the time from the close of a ledger to live delivery, and the time-outs of ingestion.
 */
export async function expensive(folder: string): Promise<Figure[]> {
  const path = join(folder, 'expensive.db')
  const { contractId, networkPassphrase, closed, events, streams } = await growBackwards(
    path,
    EVENTS,
  )
  const recording = await readRecording(BUSY)
  const rpc = await createSimulator({ recording, speed: 0, closed })
  const daemon = run(['src/main.ts', 'start'], {
    CONTRACT_ID: contractId,
    NETWORK: networkPassphrase,
    DATABASE_PATH: path,
    RPC_URL: rpc.url,
    PORT: String(PORT),
    AUDIT_INTERVAL_SECONDS: '0',
    RATE_LIMIT_PER_MINUTE: '0',
    LOG_LEVEL: 'silent',
  })
  const url = `http://127.0.0.1:${PORT}`
  await untilReady(url)
  const arrivals = follow(url)
  await measure(url, rpc, arrivals, 3)
  const calm = await measure(url, rpc, arrivals, SECONDS)
  const timeouts = await timeoutsOf(url)
  const clients = run(['bench/expensive.child.ts', url, path])
  await clients.line()
  const busy = await measure(url, rpc, arrivals, SECONDS)
  const late = (await timeoutsOf(url)) - timeouts
  clients.process.kill('SIGUSR2')
  process.stderr.write(`answers to the expensive requests, by status: ${await clients.line()}\n`)
  await clients.stop()
  await daemon.stop()
  await rpc.close()
  const load = `with 10 expensive clients, 10 wide and 200 full replays of ${thousands(events)} events, ${thousands(streams)} streams`
  const figure = (what: keyof Measured, name: string, most: number): Figure[] =>
    [
      ['median', median, ''],
      ['p99', (values: number[]) => percentile(values, 0.99), `≤ ${most} above calm`],
      ['worst', (values: number[]) => Math.max(...values), ''],
    ].map(([title, of, target]) => {
      const value = of as (values: number[]) => number
      return {
        name: `${name} ${load}, ${title as string}, ms (${busy[what].length})`,
        value: value(busy[what]).toFixed(1),
        floor: `${value(calm[what]).toFixed(1)} (calm)`,
        ratio: (value(busy[what]) / value(calm[what])).toFixed(1),
        target: target as string,
      }
    })
  return [
    ...figure('health', '/health', 50),
    ...figure('live', 'ledger closed to event received', 200),
    {
      name: `time-outs of ingestion ${load}`,
      value: String(late),
      floor: '',
      ratio: '',
      target: '0',
    },
  ]
}

/** Asks for `/health` and closes ledgers at a steady rate, without waiting for answers. */
async function measure(
  url: string,
  rpc: Simulator,
  arrivals: Map<number, number>,
  seconds: number,
): Promise<Measured> {
  const agent = new Agent({ keepAlive: true })
  const health: Promise<number>[] = []
  const closedAt = new Map<number, number>()
  const asking = setInterval(() => health.push(answered(`${url}/health`, agent)), ASK_EVERY_MS)
  const closing = setInterval(() => {
    rpc.closeNext()
    closedAt.set(rpc.latestLedger(), performance.now())
  }, LEDGER_EVERY_MS)
  await sleep(seconds * 1_000)
  clearInterval(asking)
  clearInterval(closing)
  const times = await Promise.all(health)
  agent.destroy()
  // An event that has not arrived by then counts as arriving now.
  const patience = performance.now() + PATIENCE_MS
  const hasAll = () => [...closedAt.keys()].every((ledger) => arrivals.has(ledger))
  while (!hasAll() && performance.now() < patience) await sleep(10)
  const now = performance.now()
  const live = [...closedAt].map(([ledger, at]) => (arrivals.get(ledger) ?? now) - at)
  return { health: times, live }
}

const PATIENCE_MS = 10_000

/** When the first event of each ledger reached a live subscription. */
function follow(url: string): Map<number, number> {
  const arrivals = new Map<number, number>()
  get(`${url}/events/subscribe?all=true`, (response) => {
    response.setEncoding('utf8').on('data', (text: string) => {
      for (const [, ledger] of text.matchAll(/"ledger":(\d+)/g)) {
        if (!arrivals.has(Number(ledger))) arrivals.set(Number(ledger), performance.now())
      }
    })
  }).on('error', () => {})
  return arrivals
}

async function answered(url: string, agent: Agent): Promise<number> {
  const began = performance.now()
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  get(url, { agent }, (response) => {
    response.resume().on('end', () => resolve(performance.now() - began))
  }).on('error', reject)
  return promise
}

async function timeoutsOf(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const counts = text.matchAll(/^flowfi_source_faults_total\{.*fault="timeout".*\} (\d+)$/gm)
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}

async function untilReady(url: string): Promise<void> {
  for (;;) {
    const status = await fetch(`${url}/ready`).then(
      (response) => response.status,
      () => 0,
    )
    if (status === 200) return
    await sleep(50)
  }
}
