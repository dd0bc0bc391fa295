import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BUSY } from './database.ts'
import { growRecording } from './grown-recording.ts'
import { run, simulator } from './processes.ts'
import type { Child } from './processes.ts'
import { thousands } from './table.ts'
import type { Figure } from './table.ts'

const COPIES = 23
const PORT = 39_872
/** The unit of CPU time in /proc/PID/stat. */
const TICKS_A_SECOND = 100

interface Spent {
  seconds: number
  cpuSeconds: number
  writtenBytes: number
}

/** The program itself indexes a week's backlog on one core: how fast, and how much it writes. */
export async function backlog(folder: string): Promise<Figure[]> {
  const grown = await growRecording(BUSY, join(folder, 'grown.jsonl'), COPIES)
  const rpc = await simulator(grown.path, 1)
  const figures: Figure[] = []
  for (const command of ['sync', 'start'] as const) {
    const path = join(folder, `${command}.db`)
    const env = {
      CONTRACT_ID: grown.contractId,
      NETWORK: grown.networkPassphrase,
      DATABASE_PATH: path,
      RPC_URL: rpc.url,
      PORT: String(PORT),
      LOG_LEVEL: 'silent',
      RATE_LIMIT_PER_MINUTE: '0',
      AUDIT_INTERVAL_SECONDS: '0',
    }
    const child = run(['src/main.ts', command], env, 0)
    const spent = await (command === 'sync' ? untilEnded(child) : untilCaughtUp(child))
    await child.stop()
    const size = statSync(path).size
    figures.push(
      {
        name: `${command}: backlog of ${thousands(grown.events)} events, one core, events/s`,
        value: thousands(grown.events / spent.seconds),
        floor: '',
        ratio: '',
        target: '≥ 12,000',
      },
      {
        name: `${command}: CPU µs per event, start of the program included`,
        value: ((spent.cpuSeconds * 1e6) / grown.events).toFixed(0),
        floor: '',
        ratio: '',
        target: '',
      },
      {
        name: `${command}: written, MiB (floor: the database)`,
        value: thousands(spent.writtenBytes / 2 ** 20),
        floor: thousands(size / 2 ** 20),
        ratio: (spent.writtenBytes / size).toFixed(2),
        target: command === 'sync' ? '≤ 3 ×' : '≤ 5 ×',
      },
    )
  }
  await rpc.stop()
  return figures
}

async function untilEnded(child: Child): Promise<Spent> {
  const began = performance.now()
  let spent = used(child)
  while (child.process.exitCode === null) {
    spent = used(child) ?? spent
    await sleep(5)
  }
  if (child.process.exitCode !== 0 || spent === undefined) throw new Error('sync failed')
  return { ...spent, seconds: (performance.now() - began) / 1_000 }
}

async function untilCaughtUp(child: Child): Promise<Spent> {
  const began = performance.now()
  for (;;) {
    const status = await fetch(`http://127.0.0.1:${PORT}/status`)
      .then((response) => response.json() as Promise<{ lagLedgers: number | null }>)
      .catch(() => undefined)
    if (status?.lagLedgers === 0) break
    await sleep(100)
  }
  const seconds = (performance.now() - began) / 1_000
  return { ...used(child)!, seconds }
}

/** What the process has used so far; undefined once it has ended. Linux only. */
function used({ process: { pid } }: Child): Omit<Spent, 'seconds'> | undefined {
  try {
    const io = readFileSync(`/proc/${pid}/io`, 'utf8')
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return {
      cpuSeconds: (Number(stat[11]) + Number(stat[12])) / TICKS_A_SECOND,
      writtenBytes: Number(/^write_bytes: (\d+)/m.exec(io)?.[1]),
    }
  } catch {
    return undefined
  }
}
