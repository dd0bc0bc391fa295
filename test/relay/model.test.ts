import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fc, test as property } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { chainOf, committer, logOf } from '../support/feed/log.ts'
import { loadRecording, memoryStore } from '../support/recordings.ts'
import { createMemoryCarrier } from './memory-carrier.ts'
import { createModelNode } from './model-node.ts'
import type { ModelNode } from './model-node.ts'

/**
 * Three nodes over what Redis does, in any order: several believe at once that they lead, answers
 * come late or never, entries are trimmed or lost, and the fence may be missing. Each node must always have a part of the chain
 * without holes, and at the end the same content as a node that was alone.
 */

const recording = await loadRecording('quirks')
const chain = chainOf(recording, 300)
const NODES = 3

const alone = memoryStore()
committer(alone, chain).rest()
const wholeIds = chain.events.map(({ event }) => event.id)
const wholeDigest = alone.digest()
alone.close()

const node = fc.nat(NODES - 1)
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('lead' as const), node }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('page' as const),
      node,
      events: fc.integer({ min: 0, max: 40 }),
      answer: fc.constantFrom('now', 'now', 'late', 'never'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('repair' as const),
      node,
      from: fc.nat(20),
      count: fc.integer({ min: 1, max: 5 }),
      answer: fc.constantFrom('now', 'late', 'never'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('follow' as const),
      node,
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('hear' as const), node }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lose' as const), node }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('trim' as const),
      pages: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
const steps = fc.array(step, { minLength: 20, maxLength: 60, size: 'max' })

/** What a node has is the chain up to its checkpoint. */
function expectWithoutHoles(each: ModelNode): void {
  const store = each.store()
  const cursor = store.coverage.checkpoint()?.cursor ?? ''
  expect(logOf(store).map(({ id }) => id)).toEqual(wholeIds.filter((id) => id <= cursor))
  expect(store.coverage.intervals().length).toBeLessThanOrEqual(1)
}

async function play(all: readonly Step[], isFenced: boolean, folder: string): Promise<void> {
  const memory = createMemoryCarrier({ isFenced })
  const world = { memory, recording, chain, folder }
  const nodes = Array.from({ length: NODES }, () => createModelNode(world))
  const others = (each: ModelNode) => nodes.filter((other) => other !== each)
  /** Answers that have not come yet: the node does nothing else until then. */
  const late = new Map<ModelNode, { answer(): void; done: Promise<void> }>()

  async function hear(each: ModelNode): Promise<void> {
    late.get(each)?.answer()
    await late.get(each)?.done
    late.delete(each)
  }

  async function publish(each: ModelNode, work: () => Promise<void>, answer: string) {
    const gate = Promise.withResolvers<void>()
    memory.afterAdding = async () => {
      memory.afterAdding = undefined
      if (answer === 'late') await gate.promise
      if (answer !== 'never') return
      each.lose()
      throw new Error('the answer got lost')
    }
    const done = work()
    if (answer === 'late') late.set(each, { answer: gate.resolve, done })
    else await done
    memory.afterAdding = undefined
  }

  async function take(each: Step): Promise<void> {
    if (each.kind === 'flush') return memory.flush()
    if (each.kind === 'trim') return memory.trim(each.pages)
    const at = nodes[each.node]!
    if (each.kind === 'hear') return hear(at)
    // It waits for an answer.
    if (late.has(at)) return undefined
    switch (each.kind) {
      case 'lead':
        return at.lead(others(at))
      case 'page':
        return publish(at, () => at.page(each.events), each.answer)
      case 'repair':
        return publish(at, () => at.repair(each.from, each.count), each.answer)
      case 'follow':
        for (let times = each.times; times > 0; times -= 1) await at.follow(others(at))
        return undefined
      case 'lose':
        return at.lose()
    }
  }

  for (const each of all) {
    await take(each)
    for (const some of nodes) if (!late.has(some)) expectWithoutHoles(some)
  }
  for (const each of nodes) await hear(each)
  // In the end one of them leads, and fetches what is left.
  const [last, ...following] = nodes as [ModelNode, ...ModelNode[]]
  for (const each of following) each.lose()
  await last.lead(following)
  await last.page(chain.events.length)
  await last.repair(0, 1)
  for (const each of following) while (await each.follow([last])) expectWithoutHoles(each)
  for (const each of nodes) {
    expectWithoutHoles(each)
    expect(each.store().digest()).toBe(wholeDigest)
    each.close()
  }
}

describe('several nodes over one carrier', () => {
  property.prop([steps, fc.boolean()], { numRuns: 25 })(
    'P1 P2 P5: whoever leads, and however many believe it, every node gets the same log and state',
    async (all, isFenced) => {
      const folder = await mkdtemp(join(tmpdir(), 'flowfi-relay-'))
      await play(all, isFenced, folder)
      await rm(folder, { recursive: true })
    },
    120_000,
  )
})
