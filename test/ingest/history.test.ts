/** When a test network is reset, ledger numbers start over. Only hashes show the difference. */
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { SourceError } from '../../src/domain/errors.ts'
import { rememberHash } from '../../src/ingest/history.ts'
import { createRecordingSource } from '../../src/source/recording-source.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import { contents, ingestion, undisturbed } from '../support/ingestion.ts'
import { createMemoryNode } from '../support/memory-node.ts'
import type { MemoryNode } from '../support/memory-node.ts'
import { lastLedger } from '../support/recorded.ts'
import { dump, scannedLedger, loadRecording, memoryStore, seconds } from '../support/recordings.ts'

const recording = await loadRecording('quirks')
const { contractId, firstLedger: first } = recording.header
const last = lastLedger(recording)
const held = first + 59

/** The same ledgers after a reset of the network: only the hashes differ. */
const again: Recording = {
  ...recording,
  ledgers: recording.ledgers.map((ledger) => ({
    ...ledger,
    hash: ledger.hash.replaceAll(/./g, 'e'),
  })),
}

/** A network that has only just begun. */
const young: Recording = {
  header: { ...recording.header, firstLedger: 2 },
  ledgers: [{ sequence: 2, hash: 'ab'.repeat(32), closedAt: '2026-12-16T17:00:00Z' }],
}

const unreachable = () => new SourceError('unreachable', 'connection refused')

/** A running indexer whose log ends at `held`, with the hash of that ledger. */
async function following(...nodes: MemoryNode[]) {
  for (const node of nodes) node.latest = held
  const it = ingestion({ recording, sources: nodes.map(({ source }) => source) })
  void it.start()
  await it.time.until(() => it.reached() === held && it.coverage.hashes().length > 0)
  return { ...it, alarm: () => it.ingest.status().alarm, before: dump(it.store) }
}

async function expectAlarm(it: Awaited<ReturnType<typeof following>>, evidence: RegExp) {
  await it.time.until(() => it.alarm() !== null)
  expect(it.alarm()).toMatch(evidence)
  expect(it.alarm()).toMatch(/start --fresh/)
  await it.time.pass(600_000)
  const { events, streams, checkpoint, coverage, gaps } = dump(it.store)
  expect({ events, streams, checkpoint, coverage, gaps }).toEqual({
    events: it.before['events'],
    streams: it.before['streams'],
    checkpoint: it.before['checkpoint'],
    coverage: it.before['coverage'],
    gaps: [],
  })
}

describe('P1: a reset of the network is noticed, and nothing of the new chain is added', () => {
  test('a reset is noticed when the program starts after it', async () => {
    const node = createMemoryNode(recording)
    const { store, stop, before } = await following(node)
    stop()
    const it = ingestion({ recording, store, sources: [createMemoryNode(again).source] })
    void it.start()
    await expectAlarm(
      { ...it, before, alarm: () => it.ingest.status().alarm },
      /ledger \d+ was \w+ and is eee/,
    )
  })

  test('a reset is noticed when the new chain is much shorter than the log', async () => {
    const node = createMemoryNode(recording)
    const it = await following(node)
    node.serve(young)
    await expectAlarm(it, /the tip is ledger 2, and the log ends at/)
  })

  test('a reset during an outage is noticed when the new chain is longer than the log', async () => {
    const node = createMemoryNode(recording)
    const it = await following(node)
    node.fault = unreachable
    await it.time.until(() => it.ingest.status().state === 'failing')
    node.serve(again)
    node.fault = () => undefined
    await expectAlarm(it, /ledger \d+ was \w+ and is eee/)
  })

  test('a reset is noticed when the new chain reaches our ledger just before the page is asked for', async () => {
    const node = createMemoryNode(recording)
    const it = await following(node)
    node.serve(again)
    node.latest = held - 1
    await it.time.until(() => it.ingest.status().state === 'failing')
    // The ledger is missing for every check before, and is there for the page.
    node.fault = ({ method }) => {
      if (method === 'getEvents') node.latest = last
      return undefined
    }
    await expectAlarm(it, /ledger \d+ was \w+ and is eee/)
  })

  test('a reset is noticed even if the check itself fails at first', async () => {
    const node = createMemoryNode(recording)
    const it = await following(node)
    node.fault = unreachable
    await it.time.until(() => it.ingest.status().state === 'failing')
    node.serve(again)
    let checks = 0
    node.fault = ({ method }) =>
      method === 'getLedgers' && (checks += 1) <= 3 ? unreachable() : undefined
    await expectAlarm(it, /ledger \d+ was \w+ and is eee/)
  })
})

describe('P1: the alarm after a reset', () => {
  test('the alarm ends when an RPC of the right chain answers', async () => {
    const node = createMemoryNode(recording)
    const it = await following(node)
    node.fault = unreachable
    await it.time.until(() => it.ingest.status().state === 'failing')
    node.serve(again)
    node.fault = () => undefined
    await it.time.until(() => it.alarm() !== null)
    node.serve(recording)
    await it.untilReached(last)
    expect(it.alarm()).toBeNull()
    expect(contents(it.store)).toEqual(await undisturbed(recording))
  })

  test('no alarm is raised while another RPC of the right chain answers', async () => {
    const [a, b] = [createMemoryNode(recording), createMemoryNode(recording)]
    const it = await following(a, b)
    a.fault = unreachable
    await it.time.pass(30_000)
    a.serve(again)
    a.fault = () => undefined
    b.latest = last
    await it.untilReached(last)
    await it.time.pass(120_000)
    expect(it.alarm()).toBeNull()
    expect(contents(it.store)).toEqual(await undisturbed(recording))
  })

  test('no alarm is raised if the same chain goes on after an outage', async () => {
    const node = createMemoryNode(recording)
    const it = await following(node)
    node.fault = unreachable
    await it.time.pass(30_000)
    node.fault = () => undefined
    node.latest = last
    await it.untilReached(last)
    expect(it.alarm()).toBeNull()
    expect(it.coverage.hashes()).toEqual([
      { sequence: held, hash: recording.ledgers.find(({ sequence }) => sequence === held)!.hash },
    ])
  })
})

test('P8: only the newest hashes are kept', () => {
  const store = memoryStore()
  for (let sequence = 1; sequence <= 80; sequence += 1) {
    store.writer.rememberHash({ sequence, hash: 'aa' })
  }
  expect(store.coverage.hashes().map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 50 }, (_, n) => 80 - n),
  )
})

test('P1: after a gap, a hash is remembered of a ledger that the source still has', async () => {
  const store = memoryStore()
  const source = createRecordingSource(recording, contractId)
  const { ledgers } = recording
  async function indexed(at: number, oldest: number): Promise<number[]> {
    const { sequence, closedAt } = ledgers[oldest]!
    const remembered = { ledger: sequence, closedAt: seconds(closedAt) }
    store.writer.apply({ ...scannedLedger(recording, ledgers[at]!), oldest: remembered })
    const { coverage, writer } = store
    const log = pino({ level: 'silent' })
    await rememberHash({ source, coverage, writer, log }, new AbortController().signal)
    return store.coverage.hashes().map((ledger) => ledger.sequence)
  }
  const [first, , , fourth] = ledgers.map(({ sequence }) => sequence)
  expect(await indexed(0, 0)).toEqual([first])
  expect(await indexed(1, 0)).toEqual([first])
  expect(await indexed(3, 2)).toEqual([fourth, first])
})

test('P1: a first catch-up remembers a hash long before its end', async () => {
  const remembered: number[] = []
  const it = ingestion({
    recording,
    sources: [createRecordingSource(recording, contractId)],
    ingest: { pageSize: 50, limits: { events: 1, milliseconds: 0 } },
  })
  await it.catchUp(() => remembered.push(it.coverage.hashes().length))
  expect(remembered.slice(0, 2)).toEqual([0, 1])
  expect(remembered.length).toBeGreaterThan(10)
})
