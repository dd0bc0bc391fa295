import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { Daemon } from '../../src/daemon/daemon.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts'
import { openStoreForReading } from '../../src/store/store.ts'
import { environment, getJson, startIndexer } from '../support/daemon.ts'
import { freePort, startRedis } from '../support/redis.ts'
import type { RedisServer } from '../support/redis.ts'
import { ADMIN_TOKEN } from '../support/tokens.ts'

/** Nodes over one Redis server, each with an RPC of its own, so that it is known which node called. */
export interface Cluster {
  redis: RedisServer
  nodes: ClusterNode[]
  /** Closes ledgers at every RPC. */
  closeNext(ledgers: number): number
  /** The node that leads, once there is one that everybody knows. */
  leader(): Promise<ClusterNode>
  /** Waits until every node that runs has the ledger. */
  all(ledger: number): Promise<void>
}

export interface ClusterNode {
  name: string
  env: Record<string, string>
  rpc: Simulator
  daemon(): Daemon
  start(): Promise<void>
  close(): Promise<void>
  status(): Promise<NodeStatusJson>
  /** Of its database. */
  digest(): string
}

export interface NodeStatusJson {
  checkpoint: { ledger: number; cursor: string } | null
  endpoints: { state: string }[]
  node: {
    name: string
    role: string
    leader: string | null
    lease: { until: string | null }
    carrierLag: number | null
  }
}

export async function openCluster(
  recording: Recording,
  names: readonly string[],
  options: { env?: Record<string, string>; simulator?: Partial<SimulatorOptions> } = {},
): Promise<Cluster> {
  const redis = await startRedis()
  onTestFinished(redis.close)
  const nodes: ClusterNode[] = []
  for (const name of names) nodes.push(await openNode(recording, { name, redis, ...options }))
  const statuses = () => Promise.all(nodes.filter(isRunning).map(({ status }) => status()))
  return {
    redis,
    nodes,
    closeNext: (ledgers) => Math.max(...nodes.map(({ rpc }) => rpc.closeNext(ledgers))),
    async leader() {
      const leading = async () => {
        const all = await statuses()
        const leaders = new Set(all.map(({ node }) => node.leader))
        const [name] = leaders
        const one = all.find(({ node }) => node.name === name)
        return leaders.size === 1 && one?.node.role === 'leader' ? name : undefined
      }
      let name: string | null | undefined
      await expect.poll(async () => (name = await leading())).toEqual(expect.any(String))
      return nodes.find((node) => node.name === name)!
    },
    async all(ledger) {
      const slowest = async () =>
        Math.min(...(await statuses()).map(({ checkpoint }) => checkpoint?.ledger ?? 0))
      await expect.poll(slowest).toBeGreaterThanOrEqual(ledger)
    },
  }
}

function isRunning(node: ClusterNode): boolean {
  try {
    node.daemon()
    return true
  } catch {
    return false
  }
}

async function openNode(
  recording: Recording,
  { name, redis, env = {}, simulator = {} }: NodeOptions,
): Promise<ClusterNode> {
  const folder = await mkdtemp(join(tmpdir(), 'flowfi-node-'))
  const databasePath = join(folder, 'indexer.db')
  const rpc = await createSimulator({
    recording,
    speed: 0,
    retentionWindow: 1_000_000,
    ...simulator,
  })
  onTestFinished(async () => {
    await rpc.close()
    await rm(folder, { recursive: true, force: true })
  })
  const port = String(await freePort())
  let daemon: Daemon | undefined
  const node: ClusterNode = {
    name,
    rpc,
    env: {
      ...environment(recording, { rpcUrl: rpc.url, databasePath }),
      REDIS_URL: redis.url,
      NODE_NAME: name,
      // A busy machine must not change the leader. Redis forgets the lease when it is killed or flushed.
      LEASE_SECONDS: '30',
      PORT: port,
      NODE_URL: `http://127.0.0.1:${port}`,
      ADMIN_TOKEN,
      ...env,
    },
    daemon() {
      if (daemon === undefined) throw new Error(`${name} does not run`)
      return daemon
    },
    async start() {
      daemon = await startIndexer(node.env)
    },
    async close() {
      const closing = daemon
      daemon = undefined
      await closing?.close()
    },
    status: () => getJson<NodeStatusJson>(`${node.daemon().url}/status`),
    digest() {
      const store = openStoreForReading(databasePath)
      try {
        return store.digest()
      } finally {
        store.close()
      }
    },
  }
  return node
}

interface NodeOptions {
  name: string
  redis: RedisServer
  env?: Record<string, string>
  simulator?: Partial<SimulatorOptions>
}
