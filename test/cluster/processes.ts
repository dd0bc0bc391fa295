import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { Recording } from '../../src/simulator/recording.ts'
import type { Simulator } from '../../src/simulator/simulator.ts'
import { environment, getJson, simulate } from '../support/daemon.ts'
import { launch, run, servedAt, temporaryFolder } from '../support/process.ts'
import type { Program } from '../support/process.ts'
import { freePort, startRedis } from '../support/redis.ts'
import type { RedisServer } from '../support/redis.ts'
import { ADMIN_TOKEN } from '../support/tokens.ts'
import { startBalancer } from './balancer.ts'
import type { Balancer } from './balancer.ts'
import type { NodeStatusJson } from './nodes.ts'

/** Nodes as processes behind a balancer, over one Redis server. Each has an RPC of its own. */
export interface Processes {
  redis: RedisServer
  balancer: Balancer
  nodes: NodeProcess[]
  /** Closes ledgers at every RPC. */
  closeNext(ledgers: number): number
  /** The one that says that it leads, once there is one. */
  leader(): Promise<NodeProcess>
  /** Waits until each node has the ledger. */
  all(ledger: number): Promise<void>
  /** The nodes whose RPC was called, one after another, without repetitions. */
  callers(): string[]
  /** How often a node has begun to lead. */
  leaderships(): number
}

export interface NodeProcess {
  name: string
  env: Record<string, string>
  rpc: Simulator
  /** Its way to Redis. */
  line: Balancer
  start(): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** With SIGKILL. */
  kill(): Promise<void>
  /** With SIGTERM; it must end well. */
  stop(): Promise<void>
  /** Deletes its database. It must not run. */
  wipe(): Promise<void>
  status(): Promise<NodeStatusJson>
  /** Everything that was logged, by all its processes. */
  written(): string
  /** What `status --digest` prints. */
  digest(): Promise<string>
}

export async function openProcesses(
  recording: Recording,
  names: readonly string[],
  env: Record<string, string> = {},
): Promise<Processes> {
  const redis = await startRedis()
  onTestFinished(redis.close)
  const nodes: NodeProcess[] = []
  for (const name of names) nodes.push(await openNode(recording, { name, redis, env }))
  const balancer = await startBalancer(nodes.map((node) => Number(node.env['PORT'])))
  const statuses = () => Promise.all(nodes.map((node) => node.status().catch(() => undefined)))
  return {
    redis,
    balancer,
    nodes,
    callers: watchCallers(nodes),
    closeNext: (ledgers) => Math.max(...nodes.map(({ rpc }) => rpc.closeNext(ledgers))),
    async leader() {
      let at = -1
      const leading = async () =>
        (at = (await statuses()).findIndex((status) => status?.node.role === 'leader'))
      await expect.poll(leading).toBeGreaterThanOrEqual(0)
      return nodes[at]!
    },
    async all(ledger) {
      const slowest = async () =>
        Math.min(...(await statuses()).map((status) => status?.checkpoint?.ledger ?? 0))
      await expect.poll(slowest).toBeGreaterThanOrEqual(ledger)
    },
    leaderships: () =>
      nodes.reduce((sum, node) => sum + node.written().split('"this node leads"').length - 1, 0),
  }
}

function watchCallers(nodes: readonly NodeProcess[]): () => string[] {
  const names = new Map(nodes.map(({ rpc, name }) => [Number(new URL(rpc.url).port), name]))
  const callers: string[] = []
  const listener = (message: unknown) => {
    const { request } = message as { request: IncomingMessage }
    const name = names.get(request.socket.localPort ?? 0)
    if (name !== undefined && callers.at(-1) !== name) callers.push(name)
  }
  subscribe('http.server.request.start', listener)
  onTestFinished(() => void unsubscribe('http.server.request.start', listener))
  return () => callers
}

async function openNode(
  recording: Recording,
  { name, redis, env: more }: { name: string; redis: RedisServer; env: Record<string, string> },
): Promise<NodeProcess> {
  const databasePath = join(await temporaryFolder(), 'indexer.db')
  const rpc = await simulate(recording, { speed: 0 })
  const line = await startBalancer([Number(new URL(redis.url).port)])
  const port = String(await freePort())
  const url = `http://127.0.0.1:${port}`
  const env = {
    ...environment(recording, { rpcUrl: rpc.url, databasePath }),
    LOG_LEVEL: 'info',
    REDIS_URL: `redis://127.0.0.1:${line.port}`,
    NODE_NAME: name,
    LEASE_SECONDS: '2',
    PORT: port,
    NODE_URL: url,
    ADMIN_TOKEN,
    ...more,
  }
  const programs: Program[] = []
  const end = async (signal: NodeJS.Signals, expected: object) => {
    const program = programs.at(-1)!
    program.kill(signal)
    expect(await program.ended).toMatchObject(expected)
  }
  return {
    name,
    env,
    rpc,
    line,
    async start() {
      const program = launch(['start'], env)
      programs.push(program)
      await servedAt(program)
    },
    signal: (signal) => programs.at(-1)!.kill(signal),
    kill: () => end('SIGKILL', { signal: 'SIGKILL' }),
    stop: () => end('SIGTERM', { code: 0 }),
    async wipe() {
      for (const suffix of ['', '-wal', '-shm']) await rm(databasePath + suffix, { force: true })
    },
    status: () => getJson<NodeStatusJson>(`${url}/status`),
    written: () => programs.map((program) => program.out()).join(''),
    digest: () => digestOf(env),
  }
}

export async function digestOf(env: Record<string, string>): Promise<string> {
  const { code, out, err } = await run(['status', '--digest'], env)
  expect(code, err).toBe(0)
  return /^digest ([0-9a-f]{64})$/m.exec(out)?.[1] ?? out
}
