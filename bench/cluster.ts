import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readRecording } from '../src/simulator/recording.ts'
import { accountOf, bareRedis, storedOf } from './cluster/bare-redis.ts'
import type { RedisAccount } from './cluster/bare-redis.ts'
import { regrouped, startNodes } from './cluster/nodes.ts'
import type { Nodes } from './cluster/nodes.ts'
import { rowsOf } from './cluster/rows.ts'
import type { Measured, Usage } from './cluster/rows.ts'
import { BUSY } from './database.ts'
import { startClients } from './feed/served.ts'
import type { Clients } from './feed/served.ts'
import type { Figure } from './table.ts'

/** 0: one node without Redis, as the floor. */
const COUNTS = [0, 1, 2, 4]
const WARM_UP = { ledgers: 30, events: 130 }
const ROUNDS = 3
/** Ledgers of one round, and the events of a large one. */
const LEDGERS = 15
const EVENTS = 20
const SUBSCRIPTIONS = 500
const IDLE_MS = 1_500

/** What an event costs on one and on several nodes, and how much later followers have it. */
export async function cluster(folder: string): Promise<Figure[]> {
  const all: Measured[] = []
  for (const count of COUNTS) all.push(await measure(join(folder, `nodes-${count}`), count))
  return rowsOf(all, { ...(await bareRedis()), events: EVENTS, subscriptions: SUBSCRIPTIONS })
}

async function measure(folder: string, count: number): Promise<Measured> {
  const round = [...of(LEDGERS, EVENTS), ...of(LEDGERS, 1)]
  const rounds = Array.from({ length: ROUNDS }, () => round).flat()
  const sizes = [0, ...of(WARM_UP.ledgers, WARM_UP.events), ...rounds, ...of(LEDGERS, EVENTS)]
  const recording = regrouped(await readRecording(BUSY), sizes)
  const nodes = await startNodes({ folder, recording, count })
  const watching = await watch(nodes)
  const load = startClients()
  const lags: number[] = []
  const ledgersOf = (events: number) =>
    used(nodes, async () => {
      lags.push(...(await close(nodes, watching, { ledgers: LEDGERS, events })))
    })
  try {
    await close(nodes, watching, WARM_UP)
    const idle = await used(nodes, () => sleep(IDLE_MS))
    const large: Usage[] = []
    const small: Usage[] = []
    for (let done = 0; done < ROUNDS; done += 1) {
      large.push(await ledgersOf(EVENTS))
      small.push(await ledgersOf(1))
    }
    for (const { port } of nodes.nodes) {
      await load.open({ port, count: SUBSCRIPTIONS, group: 'load' })
    }
    await load.mark()
    const delivered = await used(nodes, async () => {
      await close(nodes, watching, { ledgers: LEDGERS, events: EVENTS })
      await load.received(LEDGERS * EVENTS * SUBSCRIPTIONS * nodes.nodes.length)
    })
    return { count, ledgers: LEDGERS, idle, large, small, delivered, lags }
  } finally {
    await nodes.stop()
    for (const clients of [load, ...watching]) await clients.stop()
  }
}

function of(ledgers: number, events: number): number[] {
  return Array.from({ length: ledgers }, () => events)
}

/** One client at each node, in a process each. */
async function watch({ nodes }: Nodes): Promise<Clients[]> {
  const watching: Clients[] = []
  for (const { port } of nodes) {
    const clients = startClients()
    await clients.open({ port, count: 1, group: 'watching' })
    watching.push(clients)
  }
  return watching
}

/**
 * Closes ledgers one after another, each when every node has delivered the last one. Returns how much
 * later than the leader's client those of the followers had the last event of each, in milliseconds.
 */
async function close(
  { rpc }: Nodes,
  watching: readonly Clients[],
  { ledgers, events }: { ledgers: number; events: number },
): Promise<number[]> {
  const lags: number[] = []
  for (let done = 0; done < ledgers; done += 1) {
    for (const clients of watching) await clients.mark()
    rpc.closeNext(1)
    const all = await Promise.all(watching.map((clients) => clients.received(events)))
    const [leader = 0, ...followers] = all.map(({ messages, arrivals }) => {
      if (messages < events) throw new Error(`only ${messages} of ${events} events arrived`)
      return arrivals.at(-1) ?? 0
    })
    lags.push(...followers.map((at) => at - leader))
  }
  return lags
}

/** What `work` takes of each node and of Redis. */
async function used({ nodes, redis }: Nodes, work: () => Promise<unknown>): Promise<Usage> {
  const account = () => ({
    at: performance.now(),
    nodes: nodes.map((node) => node.cpu()),
    redis: redis === undefined ? NOTHING : accountOf(redis),
  })
  // What Redis does to count the bytes must not count itself.
  const storedBefore = redis === undefined ? 0 : storedOf(redis)
  const before = account()
  await work()
  const after = account()
  return {
    milliseconds: after.at - before.at,
    nodes: after.nodes.map((cpu, place) => cpu - (before.nodes[place] ?? 0)),
    redis: {
      cpu: after.redis.cpu - before.redis.cpu,
      sent: after.redis.sent - before.redis.sent,
      commands: after.redis.commands - before.redis.commands,
    },
    stored: redis === undefined ? 0 : storedOf(redis) - storedBefore,
  }
}

const NOTHING: RedisAccount = { cpu: 0, sent: 0, commands: 0 }
