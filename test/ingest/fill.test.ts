import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { EVERYTHING } from '../../src/domain/filter.ts'
import { SourceError } from '../../src/domain/errors.ts'
import { createLogView } from '../../src/feed/view.ts'
import { fillMissing } from '../../src/ingest/fill.ts'
import type { FillDeps } from '../../src/ingest/fill.ts'
import { uncovered } from '../../src/store/read/coverage.ts'
import { createMemoryNode } from '../support/memory-node.ts'
import type { MemoryNode } from '../support/memory-node.ts'
import { dump, scannedLedger, loadRecording, memoryStore } from '../support/recordings.ts'
import type { TestStore } from '../support/recordings.ts'
import { createVirtualTime } from '../support/virtual-time.ts'

const recording = await loadRecording('quirks')
const { firstLedger: first } = recording.header
const last = first + 178
const never = new AbortController().signal

/** A log that has lost these ledgers. */
function withGap(from: number, to: number): TestStore {
  const store = memoryStore()
  for (const ledger of recording.ledgers) {
    if (ledger.sequence === from) {
      store.writer.declareGap({ from, to, reason: 'retention', declaredAt: 1 })
    }
    if (ledger.sequence >= from && ledger.sequence <= to) continue
    store.writer.apply(scannedLedger(recording, ledger))
  }
  return store
}

/** A log of some ledgers only. No gap is declared between them. */
function withLedgers(...ledgers: number[]): TestStore {
  const store = memoryStore()
  for (const ledger of recording.ledgers) {
    if (ledgers.includes(ledger.sequence)) store.writer.apply(scannedLedger(recording, ledger))
  }
  return store
}

function ledgersFrom(from: number, to = last): number[] {
  return Array.from({ length: to - from + 1 }, (_, n) => from + n)
}

interface Filling extends Partial<Omit<FillDeps, 'source'>> {
  node?: MemoryNode
  signal?: AbortSignal
}

async function fill(store: TestStore, { node, signal = never, ...deps }: Filling = {}) {
  const { source } = node ?? createMemoryNode(recording)
  const { coverage, writer } = store
  const time = createVirtualTime()
  const { now, sleep } = time
  const all = {
    source,
    coverage,
    writer,
    decode: createDecoder(),
    from: first,
    now,
    sleep,
    ...deps,
  }
  return time.during(fillMissing(all, signal))
}

const whole = withGap(last + 1, last + 1)
const everyEvent = dump(whole)['events'] as { id: string }[]

/** What a subscriber reads from `earliest` on, up to the end or the first gap. */
function readFromEarliest(store: TestStore) {
  const view = createLogView(store)
  const floor = view.floor()!
  const { entries, gap } = view.read({
    filter: EVERYTHING,
    after: floor,
    target: view.end(),
    limit: 10_000,
  })
  return { floor, gap, ids: entries.map(({ id }) => id) }
}

/** Between the floor and the end every event is in the log, and there is no gap. */
function expectNoHole(store: TestStore): void {
  const { floor, gap, ids } = readFromEarliest(store)
  expect(gap).toBeUndefined()
  expect(ids).toEqual(everyEvent.map(({ id }) => id).filter((id) => id > floor))
}

describe('P3: filling a gap', () => {
  property.prop([fc.integer({ min: first + 1, max: last - 1 }), fc.integer({ min: 0, max: 100 })], {
    numRuns: 8,
  })('a log with a filled gap has the rows of a log that never had a gap', async (from, length) => {
    const to = Math.min(from + length, last - 1)
    const store = withGap(from, to)
    expect(store.coverage.gaps()).toHaveLength(1)
    const { filled, lost } = await fill(store)
    expect({ filled, lost }).toEqual({ filled: [{ from, to }], lost: [] })
    expect(dump(store)).toEqual(dump(whole))
  })

  test('a gap that is filled in part stays a gap for the rest', async () => {
    const store = withGap(first + 40, first + 80)
    await fill(store, { from: first + 60 })
    expect(store.coverage.gaps()).toMatchObject([
      { from: first + 40, to: first + 59, reason: 'retention', declaredAt: 1 },
    ])
    expect(store.coverage.intervals()).toEqual([
      { from: first, to: first + 39 },
      { from: first + 60, to: last },
    ])
  })

  test('filling a second time does nothing', async () => {
    const store = withGap(first + 40, first + 80)
    await fill(store)
    expect(await fill(store)).toEqual({ filled: [], lost: [], events: 0 })
  })
})

describe('P3: filling ledgers before the log', () => {
  test('a log filled from an earlier ledger has the events and streams of a log that began there', async () => {
    const store = withLedgers(last)
    const { filled, lost, events } = await fill(store, { from: first - 10 })
    expect(filled).toEqual([{ from: first, to: last - 1 }])
    expect(lost).toEqual([{ from: first - 10, to: first - 1 }])
    const { events: rows, streams, coverage } = dump(store)
    const expected = dump(whole)
    expect({ rows, streams, coverage }).toEqual({
      rows: expected['events'],
      streams: expected['streams'],
      coverage: expected['coverage'],
    })
    expect(events).toBeGreaterThan(0)
  })

  test('no commit leaves a hole, so a kill or Ctrl-C can end it at any time', async () => {
    // Small blocks, so that there are many.
    const store = withLedgers(...ledgersFrom(first + 100))
    const floors: string[] = []
    const { apply } = store.writer
    const writer = {
      ...store.writer,
      apply(batch: Parameters<typeof apply>[0]) {
        const applied = apply(batch)
        expectNoHole(store)
        expect(store.coverage.intervals()).toHaveLength(1)
        floors.push(store.coverage.floor()!)
        return applied
      },
    }
    await fill(store, { writer, blockLedgers: 4 })
    expect(floors.length).toBeGreaterThanOrEqual(5)
    expect(floors).toEqual(floors.toSorted().toReversed())
    expect(floors.at(-1)).toBe(endOfLedger(first - 1))
    expect(dump(store)['events']).toEqual(everyEvent)
  })

  test('subscribers learn about filled ledgers, because streams changed without a new event', async () => {
    const store = withLedgers(...ledgersFrom(first + 100))
    const view = createLogView(store)
    expect(view.look().filled).toBeUndefined()
    await fill(store, { from: first + 60 })
    expect(view.look().filled).toEqual({ from: first + 60, to: first + 99 })
    expect(view.look().filled).toBeUndefined()
  })

  test('filling goes on where Ctrl-C has stopped it', async () => {
    const store = withLedgers(...ledgersFrom(first + 100))
    const stopping = new AbortController()
    const stopped = await fill(store, {
      blockLedgers: 8,
      signal: stopping.signal,
      onBlock: () => stopping.abort(),
    })
    expect(stopped.filled).toEqual([{ from: first + 92, to: first + 99 }])
    expectNoHole(store)
    const { filled } = await fill(store)
    expect(filled).toEqual([{ from: first, to: first + 91 }])
    expect(dump(store)['events']).toEqual(everyEvent)
  })

  test('a hole that an older version left between two parts is filled', async () => {
    const store = withLedgers(...ledgersFrom(first, first + 30), ...ledgersFrom(first + 120))
    // The hole is below the floor, so no subscriber reads there.
    expect(store.coverage.floor()).toBe(endOfLedger(first + 119))
    expectNoHole(store)
    const { filled } = await fill(store)
    expect(filled).toEqual([{ from: first + 31, to: first + 119 }])
    expect(store.coverage.intervals()).toEqual([{ from: first, to: last }])
    expectNoHole(store)
  })

  test('each block is reported with the number of ledgers that are left', async () => {
    const store = withLedgers(...ledgersFrom(first + 100))
    const left: number[] = []
    await fill(store, {
      blockLedgers: 30,
      onBlock: ({ from, to }, leftLedgers) => left.push(to - from + 1, leftLedgers),
    })
    expect(left.slice(0, 2)).toEqual([30, 70])
    expect(left.at(-1)).toBe(0)
  })

  test('a source that fails is asked again until it answers', async () => {
    const store = withLedgers(last)
    const node = createMemoryNode(recording)
    node.fault = ({ number }) =>
      number % 3 === 0 ? undefined : new SourceError('unreachable', 'refused')
    let faults = 0
    await fill(store, { node, onFault: () => void (faults += 1) })
    expect(faults).toBeGreaterThan(0)
    expect(dump(store)['events']).toEqual(everyEvent)
  })

  test('if the source drops ledgers meanwhile, those it still has are filled', async () => {
    const store = withLedgers(last)
    const node = createMemoryNode(recording)
    const { filled, lost } = await fill(store, {
      node,
      blockLedgers: 10,
      onBlock: () => void (node.oldest = first + 95),
    })
    expect(filled).toEqual([{ from: first + 95, to: last - 1 }])
    expect(lost).toEqual([{ from: first, to: first + 94 }])
    expectNoHole(store)
  })
})

describe('the floor of the log', () => {
  const gap = { reason: 'retention', declaredAt: 1 }

  test('P3: the floor lies before a gap next to covered ledgers, and after a hole', () => {
    const store = withLedgers(first, first + 1, first + 9)
    expect(store.coverage.floor()).toBe(endOfLedger(first + 8))
    store.writer.declareGap({ from: first + 5, to: first + 8, ...gap })
    expect(store.coverage.floor()).toBe(endOfLedger(first + 4))
    store.writer.declareGap({ from: first + 2, to: first + 4, ...gap })
    expect(store.coverage.floor()).toBe(endOfLedger(first - 1))
  })
})

describe('uncovered ledgers', () => {
  const interval = fc
    .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20 }))
    .map(([from, length]) => ({ from, to: from + length }))
  property.prop([interval, fc.uniqueArray(interval, { maxLength: 5 })])(
    'a ledger is uncovered if it is in none of the intervals',
    (wanted, some) => {
      const inside = (ledger: number) => some.some(({ from, to }) => ledger >= from && ledger <= to)
      const ordered = some.toSorted((a, b) => a.from - b.from || a.to - b.to)
      const ledgers = uncovered(wanted, ordered).flatMap(({ from, to }) =>
        Array.from({ length: to - from + 1 }, (_, n) => from + n),
      )
      const all = Array.from({ length: wanted.to - wanted.from + 1 }, (_, n) => wanted.from + n)
      expect(ledgers).toEqual(all.filter((ledger) => !inside(ledger)))
    },
  )
})
