import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { completeThrough, endOfLedger } from '../../src/domain/cursor.ts'
import type { RawEvent } from '../../src/domain/event.ts'
import type { ScannedPage } from '../../src/store/write/scanned-page.ts'
import { decoded, dump, loadRecording, memoryStore, rawEvents } from '../support/recordings.ts'
import type { TestStore } from '../support/recordings.ts'

const recording = await loadRecording('quirks')
const FIRST = recording.header.firstLedger
const LAST = recording.ledgers.at(-1)!.sequence
const history = recording.ledgers.flatMap((ledger) => rawEvents(recording, ledger))
const TIP = { ledger: LAST, closedAt: history.at(-1)!.timestamp }

/** The history as pages, each of which ends after one of these numbers of events. */
function pages(cuts: readonly number[]): ScannedPage[] {
  const ends = [...new Set(cuts)].toSorted((a, b) => a - b)
  let start = 0
  let scannedFrom = FIRST
  const batches = [...ends, history.length].map((end) => {
    const events = history.slice(start, end)
    start = end
    const cursor = end === history.length ? endOfLedger(LAST) : history[end - 1]!.id
    const batch = page(events, cursor, scannedFrom)
    scannedFrom = completeThrough(cursor) + 1
    return batch
  })
  return batches
}

function page(events: readonly RawEvent[], cursor: string, scannedFrom: number): ScannedPage {
  return { events: decoded(events), cursor, scannedFrom, closedAt: undefined, tip: TIP }
}

function stored(batches: readonly ScannedPage[]): TestStore {
  const store = memoryStore()
  for (const batch of batches) store.writer.apply(batch)
  return store
}

const undisturbed = dump(stored(pages([])))
const cuts = fc.array(fc.integer({ min: 1, max: history.length - 1 }), { maxLength: 30 })

describe('applying the history', () => {
  property.prop([cuts], { numRuns: 10 })(
    'P2: the history gives the same rows wherever pages are cut',
    (at) => {
      expect(dump(stored(pages(at)))).toEqual(undisturbed)
    },
  )

  property.prop([cuts, fc.array(fc.nat(), { maxLength: 20 })], { numRuns: 10 })(
    'P2: pages that come again change nothing',
    (at, again) => {
      const batches = pages(at)
      const store = stored(batches)
      for (const number of again) {
        const { accepted } = store.writer.apply(batches[number % batches.length]!)
        expect(accepted).toBe(0)
      }
      expect(dump(store)).toEqual(undisturbed)
    },
  )

  property.prop([cuts.chain((at) => fc.tuple(fc.constant(at), fc.infiniteStream(fc.nat())))], {
    numRuns: 10,
  })('P2: the history gives the same rows in any order of pages', ([at, random]) => {
    const batches = pages(at)
    const shuffled = batches
      .map((batch) => ({ batch, place: random.next().value as number }))
      .toSorted((a, b) => a.place - b.place)
    expect(dump(stored(shuffled.map(({ batch }) => batch)))).toEqual(undisturbed)
  })

  property.prop([cuts], { numRuns: 5 })('P5: a rebuild from the log changes nothing', (at) => {
    const store = stored(pages(at))
    const done = store.writer.rebuild()
    expect(done).toMatchObject({ events: history.length, rewritten: 0, streamsChanged: 0 })
    expect(dump(store)).toEqual(undisturbed)
  })

  test('P3: an empty page moves the checkpoint and adds the scanned ledgers', () => {
    const store = stored([page([], endOfLedger(FIRST + 10), FIRST)])
    expect(store.coverage.checkpoint()).toMatchObject({
      cursor: endOfLedger(FIRST + 10),
      ledger: FIRST + 10,
    })
    expect(store.coverage.intervals()).toEqual([{ from: FIRST, to: FIRST + 10 }])
    expect(store.coverage.floor()).toBe(endOfLedger(FIRST - 1))
  })

  test('P3: a ledger that a full page has cut is not covered', () => {
    const store = stored([page(history.slice(0, 1), history[0]!.id, history[0]!.ledger)])
    expect(store.coverage.intervals()).toEqual([])
    expect(store.coverage.floor()).toBe(endOfLedger(history[0]!.ledger - 1))
  })

  test('P3: intervals that touch are joined, others are not', () => {
    const store = stored([
      page([], endOfLedger(19), 10),
      page([], endOfLedger(49), 40),
      page([], endOfLedger(25), 20),
    ])
    expect(store.coverage.intervals()).toEqual([
      { from: 10, to: 25 },
      { from: 40, to: 49 },
    ])
    store.writer.apply(page([], endOfLedger(39), 26))
    expect(store.coverage.intervals()).toEqual([{ from: 10, to: 49 }])
  })

  test('a close time that was not given is null, and a known one is kept', () => {
    const store = stored([page([], endOfLedger(10), 1)])
    expect(store.coverage.checkpoint()?.ledgerClosedAt).toBeNull()
    store.writer.apply({ ...page([], endOfLedger(11), 11), closedAt: 500 })
    store.writer.apply(page([], endOfLedger(12), 12))
    expect(store.coverage.checkpoint()?.ledgerClosedAt).toBe(500)
  })

  test('P2: a page that cannot be stored changes nothing', () => {
    const store = stored(pages([100]).slice(0, 1))
    const before = dump(store)
    const next = pages([100])[1]!
    const broken = { ...next.events.at(-1)!, raw: undefined as unknown as RawEvent }
    expect(() => store.writer.apply({ ...next, events: [...next.events, broken] })).toThrow(
      'destructure',
    )
    expect(dump(store)).toEqual(before)
    store.writer.apply(next)
    expect(dump(store)).toEqual(undisturbed)
  })
})

describe('a fee', () => {
  test('a fee has parties only if its stream came before it', () => {
    const store = stored(pages([]))
    const fees = store.log.page({
      filter: { streams: [], users: [], types: ['stream.fee_collected'] },
      limit: 1_000,
    }).entries
    expect(fees.some(({ sender }) => sender === null)).toBe(true)
    expect(fees.some(({ sender }) => sender !== null)).toBe(true)
    for (const { data, sender, recipient } of fees) {
      expect(JSON.parse(data)).toMatchObject({ sender, recipient })
    }
  })
})

describe('a rebuild with a better decoder', () => {
  test('P4: a rebuild with a better decoder reads what was unreadable, under the same ids', () => {
    const decode = createDecoder()
    const store = memoryStore()
    const unreadable = new Set(history.filter((_, number) => number % 7 === 3).map(({ id }) => id))
    store.writer.apply({
      ...page([], endOfLedger(LAST), FIRST),
      events: history.map((raw) => {
        const event = decode(raw)
        if (!unreadable.has(raw.id)) return { raw, event }
        const { id, contractId, ledger, timestamp, transactionHash, topics, value } = raw
        const head = { id, contractId, ledger, timestamp, transactionHash, topics, value }
        return { raw, event: { ...head, type: 'unrecognised', reason: 'not yet' } }
      }),
    })
    expect(store.log.counts().get('unrecognised')).toBe(unreadable.size)
    const done = store.writer.rebuild()
    expect(done).toMatchObject({ recognised: unreadable.size, unrecognised: 0 })
    expect(done.streamsChanged).toBeGreaterThan(0)
    const { events, streams, event_counts: counts } = dump(store)
    expect({ events, streams, counts }).toEqual({
      events: undisturbed['events'],
      streams: undisturbed['streams'],
      counts: undisturbed['event_counts'],
    })
  })
})
