import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { once } from 'node:events'
import { BUSY, growLog } from './database.ts'
import { run, simulator } from './processes.ts'
import { median, thousands } from './table.ts'
import type { Figure } from './table.ts'

const EVENTS = 1_000_000
const ROUNDS = 7
const PORT = 39_871

/** The time from the start of the process until it answers, on a long log. */
export async function start(folder: string): Promise<Figure[]> {
  const path = join(folder, 'start.db')
  const { contractId, networkPassphrase, events } = await growLog(path, EVENTS)
  const rpc = await simulator(BUSY)
  const env = {
    CONTRACT_ID: contractId,
    NETWORK: networkPassphrase,
    DATABASE_PATH: path,
    RPC_URL: rpc.url,
    PORT: String(PORT),
    LOG_LEVEL: 'silent',
    RATE_LIMIT_PER_MINUTE: '0',
  }
  // Nothing is compiled yet.
  const first = await untilServing(env)
  const ours: number[] = []
  const floor: number[] = []
  const imports: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await untilServing(env))
    floor.push(await untilEnded(['-e', '0']))
    imports.push(await untilEnded(['-e', "import('./src/daemon/daemon.ts')"]))
  }
  await rpc.stop()
  const [mine, bare, loading] = [median(ours), median(floor), median(imports)]
  return [
    {
      name: `start on ${thousands(events)} events until /status answers, ms`,
      value: mine.toFixed(0),
      floor: `${bare.toFixed(0)} (node -e 0); ${loading.toFixed(0)} (loading the same modules)`,
      ratio: `${(mine / bare).toFixed(1)}; ${(mine / loading).toFixed(2)}`,
      target: '< 600',
    },
    {
      name: 'the very first start, which compiles every module, ms',
      value: first.toFixed(0),
      floor: `${bare.toFixed(0)} (node -e 0)`,
      ratio: (first / bare).toFixed(1),
      target: '',
    },
  ]
}

async function untilServing(env: Record<string, string>): Promise<number> {
  const began = performance.now()
  const child = run(['src/main.ts', 'start'], env)
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${PORT}/status`).catch(() => undefined)
    if (response?.ok === true) break
    await sleep(5)
  }
  const took = performance.now() - began
  child.process.kill('SIGTERM')
  await once(child.process, 'exit')
  return took
}

async function untilEnded(args: readonly string[]): Promise<number> {
  const began = performance.now()
  await once(run(args).process, 'exit')
  return performance.now() - began
}
