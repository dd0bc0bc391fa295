import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Recording } from '../../src/simulator/recording.ts'
import { getJson, indexed, setUp } from '../support/daemon.ts'
import { lastLedger } from '../support/recorded.ts'
import { digestOf, openProcesses } from './processes.ts'
import type { NodeProcess, Processes } from './processes.ts'
import { startReader } from './readers.ts'
import type { Reader } from './readers.ts'

/**
 * Three nodes behind a balancer, with clients, while everything fails in turn. At the end every
 * client must have every event of its filter once and in order, and every node the same content as
 * one that was left alone.
 */
export interface Chaos {
  recording: Recording
  clients: number
  acts: readonly Act[]
  /** Between two ledgers, and between two acts. */
  ledgerMs: number
  restMs: number
  onAct?(name: string): void
}

export interface Survived {
  /** Milliseconds from each kill of a leader until another leads. */
  takeovers: number[]
}

export const LEASE_MS = 2_000

export interface Scene extends Processes {
  survived: Survived
}

export type Act = (scene: Scene) => Promise<void>

export async function surviveChaos(chaos: Chaos): Promise<Survived> {
  const { recording, clients, acts, ledgerMs, restMs } = chaos
  const processes = await openProcesses(recording, ['a', 'b', 'c'])
  const scene: Scene = { ...processes, survived: { takeovers: [] } }
  await Promise.all(scene.nodes.map((node) => node.start()))
  const alone = await setUp(recording)
  const last = lastLedger(recording)
  await indexed(alone.daemon.url, last)
  const queries = await queriesOf(alone.daemon.url)
  // A position before the log's beginning would get `reset expired`.
  await scene.all(recording.header.firstLedger)
  const url = `http://127.0.0.1:${scene.balancer.port}`
  const readers = Array.from({ length: clients }, (_, index) =>
    startReader(url, queries[index % queries.length]!),
  )
  const closing = setInterval(() => scene.closeNext(1), ledgerMs)
  try {
    for (const act of acts) {
      chaos.onAct?.(act.name)
      await act(scene)
      // Not a wait for a condition: what happens between two acts is what the test varies.
      await sleep(restMs)
    }
  } finally {
    clearInterval(closing)
  }
  scene.closeNext(recording.ledgers.length)
  await scene.all(last)
  await expectDelivered(readers, alone.daemon.url)
  for (const node of scene.nodes) await node.stop()
  await alone.daemon.close()
  const expected = await digestOf(alone.env)
  for (const node of scene.nodes) expect(await node.digest(), node.name).toBe(expected)
  // Each leader's calls are one run.
  expect(scene.callers().length).toBeLessThanOrEqual(scene.leaderships())
  return scene.survived
}

async function expectDelivered(readers: readonly Reader[], alone: string): Promise<void> {
  const expected = new Map<string, string[]>()
  for (const { query } of readers) {
    if (!expected.has(query)) expected.set(query, await idsAt(alone, query))
  }
  for (const reader of readers) {
    const due = expected.get(reader.query)!
    await expect.poll(() => reader.ids().length, { message: reader.query }).toBe(due.length)
    expect(reader.ids()).toEqual(due)
    expect(reader.resets()).toEqual([])
  }
}

interface Party {
  streamId: string
  sender: string
  recipient: string
}

/** Filters of each kind, over what the log has. */
async function queriesOf(url: string): Promise<string[]> {
  const { data } = await getJson<{ data: Party[] }>(`${url}/streams?limit=6`)
  return [
    'all=true',
    'types=stream.withdrawn',
    ...data.map(({ streamId }) => `streams=${streamId}`),
    ...data.map(({ sender }) => `users=${sender}`),
    ...data.map(({ recipient }) => `users=${recipient}&types=stream.created,stream.withdrawn`),
  ]
}

/** All ids that a node alone gives for the filter of a subscription. */
async function idsAt(url: string, query: string): Promise<string[]> {
  const filter = query === 'all=true' ? '' : query
  const ids: string[] = []
  for (let after = ''; ;) {
    const page = await getJson<{ data: { id: string }[]; nextCursor: string | null }>(
      `${url}/events?limit=1000&${filter}${after}`,
    )
    ids.push(...page.data.map(({ id }) => id))
    if (page.nextCursor === null) return ids
    after = `&after=${page.nextCursor}`
  }
}

/** Another node leads. */
async function takenOver(scene: Scene, from: NodeProcess): Promise<void> {
  await expect.poll(async () => (await scene.leader()).name).not.toBe(from.name)
}

export async function leaderKilled(scene: Scene): Promise<void> {
  const leader = await scene.leader()
  const began = performance.now()
  await leader.kill()
  await takenOver(scene, leader)
  scene.survived.takeovers.push(performance.now() - began)
  await leader.start()
}

async function followerOf(scene: Scene): Promise<NodeProcess> {
  const leader = await scene.leader()
  return scene.nodes.find((node) => node !== leader)!
}

export async function followerKilled(scene: Scene): Promise<void> {
  const follower = await followerOf(scene)
  await follower.kill()
  await follower.start()
}

export async function diskLost(scene: Scene): Promise<void> {
  const follower = await followerOf(scene)
  await follower.kill()
  await follower.wipe()
  await follower.start()
}

export async function leaderReplaced(scene: Scene): Promise<void> {
  const leader = await scene.leader()
  await leader.stop()
  await takenOver(scene, leader)
  await leader.start()
}

/** It forgets everything. */
export async function redisRestarted({ redis }: Scene): Promise<void> {
  await redis.kill()
  await redis.start()
}

/** It comes back as it was some time ago. */
export async function redisSetBack({ redis }: Scene): Promise<void> {
  redis.command('SAVE')
  await sleep(LEASE_MS)
  await redis.kill()
  await redis.start()
}

export async function redisFlushed({ redis }: Scene): Promise<void> {
  redis.command('FLUSHALL')
}

export async function followerCutOff(scene: Scene): Promise<void> {
  await cutOff(await followerOf(scene))
}

export async function leaderCutOff(scene: Scene): Promise<void> {
  await cutOff(await scene.leader())
}

async function cutOff({ line }: NodeProcess): Promise<void> {
  line.cut()
  await sleep(2 * LEASE_MS)
  line.mend()
}

/** It wakes up when another has led for long. */
export async function leaderAsleep(scene: Scene): Promise<void> {
  const leader = await scene.leader()
  leader.signal('SIGSTOP')
  await sleep(3 * LEASE_MS)
  leader.signal('SIGCONT')
}
