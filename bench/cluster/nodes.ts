import { readdirSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Recording, RecordedLedger } from '../../src/simulator/recording.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import type { Simulator } from '../../src/simulator/simulator.ts'
import { freePort, startRedis } from '../../test/support/redis.ts'
import type { RedisServer } from '../../test/support/redis.ts'
import { run } from '../processes.ts'
import type { Child } from '../processes.ts'

/** The program itself on several nodes, with a Redis server and a simulated RPC. */
export interface Nodes {
  rpc: Simulator
  /** Undefined for one node without Redis. */
  redis: RedisServer | undefined
  /** The leader is the first. */
  nodes: readonly Node[]
  stop(): Promise<void>
}

export interface Node {
  port: number
  /** CPU time of all its threads so far, in microseconds. */
  cpu(): number
  /** Waits until it has the ledger. */
  reach(ledger: number): Promise<void>
}

interface NodesArgument {
  folder: string
  recording: Recording
  /** 0: one node without Redis. */
  count: number
}

export async function startNodes({ folder, recording, count }: NodesArgument): Promise<Nodes> {
  await mkdir(folder)
  const redis = count === 0 ? undefined : await startRedis()
  const rpc = await createSimulator({ recording, speed: 0 })
  const children: Child[] = []
  const nodes: Node[] = []
  for (let number = 1; number <= Math.max(1, count); number += 1) {
    const port = await freePort()
    const child = run(['src/main.ts', 'start'], {
      ...environment(recording, rpc.url),
      DATABASE_PATH: join(folder, `${number}.db`),
      PORT: String(port),
      ...(redis && { REDIS_URL: redis.url, NODE_NAME: `node-${number}` }),
    })
    children.push(child)
    const node = nodeOf(child, port)
    nodes.push(node)
    // The first one has the lease before the second one asks for it.
    await node.reach(rpc.latestLedger())
  }
  return {
    rpc,
    redis,
    nodes,
    async stop() {
      for (const child of children) await child.stop()
      await rpc.close()
      await redis?.close()
    },
  }
}

function environment({ header }: Recording, rpcUrl: string): Record<string, string> {
  const many = '100000'
  return {
    CONTRACT_ID: header.contractId,
    NETWORK: header.network.passphrase,
    RPC_URL: rpcUrl,
    AUDIT_INTERVAL_SECONDS: '0',
    TIP_STALL_SECONDS: '0',
    LOG_LEVEL: 'silent',
    RATE_LIMIT_PER_MINUTE: '0',
    MAX_SUBSCRIPTIONS: many,
    MAX_SUBSCRIPTIONS_PER_ADDRESS: many,
    MAX_CONNECTIONS_PER_ADDRESS: many,
  }
}

function nodeOf({ process: child }: Child, port: number): Node {
  return {
    port,
    cpu: () => cpuOf(child.pid ?? 0),
    async reach(ledger) {
      while ((await ledgerOf(port)) < ledger) {
        if (child.exitCode !== null) throw new Error(`a node ended with ${child.exitCode}`)
        await sleep(20)
      }
    },
  }
}

async function ledgerOf(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/status`).catch(() => undefined)
  if (response?.ok !== true) return 0
  const { checkpoint } = (await response.json()) as { checkpoint: { ledger: number } | null }
  return checkpoint?.ledger ?? 0
}

/** The kernel counts it in nanoseconds for each thread; 0 where there is no /proc. */
function cpuOf(pid: number): number {
  if (process.platform !== 'linux') return 0
  const tasks = `/proc/${pid}/task`
  let nanoseconds = 0
  for (const task of readdirSync(tasks)) {
    nanoseconds += Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0])
  }
  return nanoseconds / 1_000
}

/** The events of a recording in other ledgers: `sizes` says how many events each has. */
export function regrouped({ header, ledgers }: Recording, sizes: readonly number[]): Recording {
  const events = ledgers
    .flatMap((ledger) => ledger.events ?? [])
    .filter(({ contractId }) => contractId === header.contractId)
  const began = Date.parse(header.firstClosedAt)
  let used = 0
  const own = sizes.map((size, place): RecordedLedger => {
    const sequence = header.firstLedger + place
    const at = new Date(began + place * SECONDS_A_LEDGER * 1_000)
    const closedAt = `${at.toISOString().slice(0, 19)}Z`
    const taken = events.slice(used, (used += size)).map((event, index) => {
      const toid = (BigInt(sequence) << 32n) + (BigInt(index + 1) << 12n)
      const id = `${toid.toString().padStart(19, '0')}-0000000000`
      return {
        ...event,
        id,
        ledger: sequence,
        ledgerClosedAt: closedAt,
        transactionIndex: index + 1,
      }
    })
    const hash = place.toString(16).padStart(64, '0')
    return { sequence, hash, closedAt, events: taken }
  })
  if (used > events.length) throw new Error(`the recording has only ${events.length} events`)
  return { header, ledgers: own }
}

const SECONDS_A_LEDGER = 5
