/** When ledgers are declared lost, and how gaps are filled later. */
import { describe, expect, test } from 'vitest'
import { SourceError } from '../../src/domain/errors.ts'
import { createLogView } from '../../src/feed/view.ts'
import { contents, ingestion, undisturbed } from '../support/ingestion.ts'
import { createMemoryNode } from '../support/memory-node.ts'
import type { MemoryNode } from '../support/memory-node.ts'
import { loadRecording } from '../support/recordings.ts'

const recording = await loadRecording('quirks')
const { firstLedger: first } = recording.header
const last = recording.ledgers.at(-1)!.sequence
/** The last ledger in the log when something goes wrong. */
const held = first + 59

const whole = await undisturbed(recording)

/** A running indexer of these nodes, whose log ends at `held`. */
async function following(...nodes: MemoryNode[]) {
  for (const node of nodes) node.latest = held
  const it = ingestion({ recording, sources: nodes.map(({ source }) => source) })
  const ended = it.start()
  await it.untilReached(held)
  return { ...it, ended }
}

function forget(node: MemoryNode, oldest: number): void {
  node.latest = last
  node.oldest = oldest
}

const node = () => createMemoryNode(recording)
const unreachable = () => new SourceError('unreachable', 'connection refused')
const outside = (oldest: number, latest: number) =>
  new SourceError('outside_retention', `ledger range: ${oldest} - ${latest}`, {
    range: { oldest, latest },
  })

describe('P3: declaring a gap', () => {
  test('three faults and one range error of a fresh replica declare no gap', async () => {
    const a = node()
    const it = await following(a)
    let faults = 0
    a.latest = last
    a.fault = ({ method }) => {
      if (method !== 'getEvents' || faults === 4) return undefined
      faults += 1
      return faults === 4 ? outside(held + 40, last) : unreachable()
    }
    await it.untilReached(last)
    expect(faults).toBe(4)
    expect(contents(it.store)).toEqual(whole)
  })

  test('a gap is declared if the only RPC says so again and again, and it ends where its ledgers begin', async () => {
    const a = node()
    const it = await following(a)
    const since = it.time.now()
    forget(a, held + 41)
    await it.untilReached(last)
    expect(it.time.now() - since).toBeGreaterThanOrEqual(30_000)
    expect(it.time.now() - since).toBeLessThan(120_000)
    expect(it.coverage.gaps()).toMatchObject([
      { from: held + 1, to: held + 40, reason: 'retention', repaired: false },
    ])
    expect(it.coverage.intervals()).toEqual([
      { from: first, to: held },
      { from: held + 41, to: last },
    ])
  })

  test('a gap ends where the history of the RPC with the longest one begins', async () => {
    const [a, b] = [node(), node()]
    const it = await following(a, b)
    forget(a, held + 61)
    forget(b, held + 41)
    await it.untilReached(last)
    expect(it.coverage.gaps()).toMatchObject([{ from: held + 1, to: held + 40 }])
  })

  test('no gap is declared if retention begins right after the checkpoint', async () => {
    const a = node()
    const it = await following(a)
    forget(a, held + 1)
    await it.untilReached(last)
    expect(contents(it.store)).toEqual(whole)
  })

  test('no gap is declared while another RPC, which has the ledgers, is unreachable for minutes', async () => {
    const [a, b] = [node(), node()]
    const it = await following(a, b)
    await it.time.pass(60_000)
    forget(a, held + 41)
    b.fault = unreachable
    await it.time.pass(600_000)
    expect([it.reached(), it.coverage.gaps()]).toEqual([held, []])
    b.fault = () => undefined
    b.latest = last
    await it.untilReached(last)
    expect(contents(it.store)).toEqual(whole)
  })

  test('a range beyond the newest ledger declares no gap', async () => {
    const a = node()
    const it = await following(a)
    a.fault = ({ ledger }) =>
      ledger === undefined ? undefined : outside(last + 320_000, last + 324_000)
    await it.time.pass(300_000)
    expect([it.reached(), it.coverage.gaps()]).toEqual([held, []])
    const { ledger, tipLedger } = it.coverage.checkpoint()!
    expect(tipLedger - ledger).toBeGreaterThanOrEqual(0)
    a.fault = () => undefined
    a.latest = last
    await it.untilReached(last)
    expect(contents(it.store)).toEqual(whole)
  })
})

describe('P3: filling an open gap', () => {
  async function withGap(...nodes: MemoryNode[]) {
    const it = await following(...nodes)
    for (const each of nodes) forget(each, held + 41)
    await it.untilReached(last)
    expect(it.coverage.gaps()).toHaveLength(1)
    return it
  }

  test('a gap is filled within two minutes once an RPC has the ledgers, and subscribers are told', async () => {
    const [a, b] = [node(), node()]
    const it = await withGap(a, b)
    const view = createLogView(it.store)
    b.oldest = first
    const since = it.time.now()
    await it.time.until(() => it.coverage.gaps().length === 0)
    expect(it.time.now() - since).toBeLessThan(120_000)
    expect(view.look().filled).toMatchObject({ from: held + 1 })
    expect(contents(it.store)).toEqual(whole)
  })

  test('a gap is filled as far as an RPC has the ledgers, and stays open for the rest', async () => {
    const a = node()
    const it = await withGap(a)
    a.oldest = held + 21
    await it.time.until(() => it.coverage.gaps()[0]!.to < held + 40)
    await it.time.pass(300_000)
    expect(it.coverage.gaps()).toMatchObject([{ from: held + 1, to: held + 20 }])
    a.oldest = first
    await it.time.until(() => it.coverage.gaps().length === 0)
    expect(contents(it.store)).toEqual(whole)
  })

  test('the ledgers of a gap are asked for about once a minute, with no page that would fail', async () => {
    const a = node()
    const it = await withGap(a)
    await it.time.pass(120_000)
    a.calls.length = 0
    await it.time.pass(600_000)
    const ranges = a.calls.filter(({ method }) => method === 'getHealth')
    expect(ranges.length).toBeGreaterThanOrEqual(9)
    expect(ranges.length).toBeLessThanOrEqual(11)
    const early = a.calls.filter(({ ledger }) => ledger !== undefined && ledger < held + 41)
    expect(early).toEqual([])
  })

  test('a gap that cannot be filled does not delay new ledgers', async () => {
    const a = node()
    const it = await withGap(a)
    a.latest = last
    a.fault = ({ method, ledger = last }) =>
      method === 'getEvents' && ledger < held + 41 ? unreachable() : undefined
    a.oldest = first
    await it.time.pass(200_000)
    expect(it.ingest.status().state).toBe('ok')
    expect(it.coverage.gaps()).toHaveLength(1)
    a.fault = () => undefined
    await it.time.until(() => it.coverage.gaps().length === 0)
    expect(contents(it.store)).toEqual(whole)
  })
})
