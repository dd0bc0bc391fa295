import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { completeThrough, endOfLedger } from '../../src/domain/cursor.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import type { ScannedPage } from '../../src/store/write/scanned-page.ts'
import { byId, chainAt, recordOf, recordsOf, rows } from '../support/chain-records.ts'
import {
  decoded,
  dump,
  scannedLedger,
  loadRecording,
  memoryStore,
  rawEvents,
  RECORDINGS,
} from '../support/recordings.ts'
import type { RecordingName, TestStore } from '../support/recordings.ts'

const quirks = await loadRecording('quirks')
const FIRST = quirks.header.firstLedger
const LAST = quirks.ledgers.at(-1)!.sequence
const ledger = fc.integer({ min: FIRST, max: LAST })
/** The first ledger of the log, and the same or a later one. */
const ledgers = fc
  .tuple(ledger, ledger)
  .map(([a, b]): [start: number, readAt: number] => [Math.min(a, b), Math.max(a, b)])

/** The ledgers from `start` on, as pages that end after the events with these numbers. */
function pages(start: number, cuts: readonly number[]): ScannedPage[] {
  const history = quirks.ledgers
    .filter(({ sequence }) => sequence >= start)
    .flatMap((each) => rawEvents(quirks, each))
  const ends = [...new Set(cuts.map((cut) => cut % (history.length + 1)))].toSorted((a, b) => a - b)
  let from = 0
  let scannedFrom = start
  return [...ends.filter((end) => end > 0), history.length].map((end) => {
    const cursor = end === history.length ? endOfLedger(LAST) : history[end - 1]!.id
    const events = decoded(history.slice(from, end))
    const batch = { events, cursor, scannedFrom, closedAt: 1, tip: { ledger: LAST, closedAt: 1 } }
    from = end
    scannedFrom = completeThrough(cursor) + 1
    return batch
  })
}

function applied(batches: readonly ScannedPage[]): TestStore {
  const store = memoryStore()
  for (const batch of batches) store.writer.apply(batch)
  return store
}

const whole = applied(pages(FIRST, []))
const wholeStreams = new Map(rows(whole).map((stream) => [stream.streamId, stream]))

/** Events from a ledger on, as a complete log has them. */
function wholeEvents(start: number): unknown[] {
  return dump(whole)['events']!.filter((row) => (row as { id: string }).id > endOfLedger(start - 1))
}

describe('records of the chain and events', () => {
  const cuts = fc.array(fc.nat({ max: 600 }), { maxLength: 12 })

  property.prop([ledgers, cuts, fc.nat({ max: 20 })], { numRuns: 4 })(
    'P5: records and events give the same streams and parties in any order, from any first ledger',
    ([start, readAt], at, place) => {
      const batches = pages(start, at)
      const records = chainAt(quirks, readAt)
      const store = memoryStore()
      const before = place % (batches.length + 1)
      for (const [number, batch] of batches.entries()) {
        if (number === before) store.writer.putRecords(records)
        store.writer.apply(batch)
      }
      if (before === batches.length) store.writer.putRecords(records)

      expect(recordsOf(store)).toEqual(byId(chainAt(quirks, LAST)))
      expect(dump(store)['events']).toEqual(wholeEvents(start))
      for (const { liveUntilLedger: _, ...stream } of rows(store)) {
        const known = wholeStreams.get(stream.streamId)!
        if (stream.origin === 'events')
          expect(stream).toEqual({ ...known, liveUntilLedger: undefined })
        else expect(known.createdLedger).toBeLessThan(start)
      }
      const held = dump(store)
      const done = store.writer.rebuild()
      expect(done).toMatchObject({ rewritten: 0, streamsChanged: 0 })
      expect(dump(store)).toEqual(held)
    },
  )

  property.prop([ledgers], { numRuns: 3 })(
    'P5: streams with records are always as on the chain at the checkpoint’s ledger',
    ([start, readAt]) => {
      const store = memoryStore()
      store.writer.putRecords(chainAt(quirks, readAt))
      expect(rows(store)).toEqual([])
      for (const each of quirks.ledgers) {
        if (each.sequence < start) continue
        store.writer.apply(scannedLedger(quirks, each))
        const truth = byId(chainAt(quirks, each.sequence))
        const shown = recordsOf(store)
        for (const [id, record] of shown) expect(record).toEqual(truth.get(id))
        if (each.sequence >= readAt) expect(shown).toEqual(truth)
      }
    },
  )

  property.prop([ledger], { numRuns: 3 })(
    'records change nothing if the log is complete',
    (readAt) => {
      const store = applied(pages(FIRST, []))
      store.writer.putRecords(
        chainAt(quirks, readAt).map((each) => ({ ...each, liveUntilLedger: null })),
      )
      expect(dump(store)).toEqual(dump(whole))
    },
  )
})

describe.each(Object.keys(RECORDINGS) as RecordingName[])('%s from the middle', (name) => {
  test.each(name === 'busy' ? [0.9] : [0.2, 0.8])(
    'P5: a log that begins in the middle is right at every later ledger: %d',
    async (share) => {
      const recording = await loadRecording(name)
      const begin = Math.floor(recording.ledgers.length * share)
      const readAt = recording.ledgers[Math.min(begin + 5, recording.ledgers.length - 1)]!.sequence
      const store = memoryStore()
      const [first, ...rest] = recording.ledgers.slice(begin)
      store.writer.apply(scannedLedger(recording, first!))
      store.writer.putRecords(chainAt(recording, readAt))
      for (const each of rest) {
        store.writer.apply(scannedLedger(recording, each))
        expectRecords(store, recording, each.sequence, each.sequence <= readAt)
      }
      expect(recordsOf(store)).toEqual(byId(chainAt(recording, Number.POSITIVE_INFINITY)))
      store.close()
    },
  )
})

/** Compares the streams that a ledger changed, or all of them, with the contract's records. */
function expectRecords(
  store: TestStore,
  recording: Recording,
  sequence: number,
  all: boolean,
): void {
  if (all) {
    const truth = byId(chainAt(recording, sequence))
    for (const [id, record] of recordsOf(store)) expect(record).toEqual(truth.get(id))
    return
  }
  const { streams = [] } = recording.ledgers.find((each) => each.sequence === sequence)!
  for (const record of streams) {
    const stream = store.streams.byId(String(record['streamId']))!
    const plain = Object.entries(recordOf(stream)).map(([field, value]) => [
      field,
      typeof value === 'bigint' ? value.toString() : value,
    ])
    expect(Object.fromEntries(plain)).toEqual(record)
  }
}

describe('a log that has lost ledgers', () => {
  const lost = fc
    .tuple(ledger, ledger, ledger)
    .map((some) => some.toSorted((a, b) => a - b))
    .filter(([from, to]) => from! > FIRST && to! < LAST)

  property.prop([lost, fc.boolean()], { numRuns: 4 })(
    'P3: a log that lost ledgers is right again from the chain, and complete once they are found',
    ([from = 0, to = 0, readAt = 0], early) => {
      const store = memoryStore()
      const records = chainAt(quirks, Math.max(readAt, to))
      for (const each of quirks.ledgers) {
        const { sequence } = each
        if (sequence === from) {
          if (early) store.writer.putRecords(records)
          store.writer.declareGap({ from, to, reason: 'retention', declaredAt: 1 })
        }
        if (sequence >= from && sequence <= to) continue
        store.writer.apply(scannedLedger(quirks, each))
      }
      if (!early) store.writer.putRecords(records)
      expect(recordsOf(store)).toEqual(byId(chainAt(quirks, LAST)))
      for (const { origin, createdLedger, lastEventId } of rows(store)) {
        if (origin === 'events') expect([createdLedger, lastEventId]).not.toContain(null)
      }
      store.writer.rebuild()
      expect(recordsOf(store)).toEqual(byId(chainAt(quirks, LAST)))
      for (const each of quirks.ledgers) {
        if (each.sequence >= from && each.sequence <= to) {
          store.writer.apply(scannedLedger(quirks, each))
        }
      }
      const { events, streams } = withoutLifetimes(store)
      expect({ events, streams }).toEqual(withoutLifetimes(whole))
    },
  )
})

function withoutLifetimes(store: TestStore) {
  const streams = rows(store).map((stream) => ({ ...stream, liveUntilLedger: null }))
  return { events: dump(store)['events'], streams }
}

describe('a record of the chain', () => {
  const middle = FIRST + 90
  const records = chainAt(quirks, middle)

  test('a stream from a record has null for what only events say, and its end from the status', () => {
    const store = memoryStore()
    store.writer.putRecords(records)
    store.writer.apply({
      ...pages(middle + 1, [])[0]!,
      events: [],
      cursor: endOfLedger(middle + 1),
    })
    const shown = rows(store)
    const seen = applied(pages(FIRST, []).map((batch) => upTo(batch, middle)))
    expect(shown).toHaveLength(records.length)
    for (const stream of shown) {
      expect(stream).toMatchObject({
        createdLedger: null,
        endedAt: null,
        lastEventId: null,
        origin: 'chain',
        ended: seen.streams.byId(stream.streamId.toString())!.ended,
        updatedLedger: records.find(({ record }) => record.streamId === stream.streamId)!.ledger,
      })
    }
    expect(shown.some(({ isActive, status }) => !isActive && status === 'Active')).toBe(true)
  })

  test('a stream from a record keeps what its events say beyond the record', () => {
    const unseen = 100
    const store = applied(pages(FIRST, [unseen]).slice(1))
    store.writer.putRecords(chainAt(quirks, LAST))
    const late = rows(store).filter(({ origin }) => origin === 'chain')
    expect(late.length).toBeGreaterThan(5)
    const ended = late.filter(({ endedAt }) => endedAt !== null)
    expect(ended.length).toBeGreaterThan(0)
    for (const { streamId, endedAt, ended: how } of ended) {
      expect(wholeStreams.get(streamId)).toMatchObject({ endedAt, ended: how })
    }
  })

  test('a record that was read before the stored one is skipped', () => {
    const store = applied(pages(FIRST, []).map((batch) => ({ ...batch, events: [] })))
    expect(store.writer.putRecords(records)).toBe(records.length)
    const before = dump(store)
    expect(store.writer.putRecords(chainAt(quirks, middle - 40))).toBe(0)
    expect(dump(store)).toEqual(before)
    expect(store.writer.putRecords(chainAt(quirks, LAST))).toBeGreaterThan(records.length)
    expect(recordsOf(store)).toEqual(byId(chainAt(quirks, LAST)))
  })

  test('a record waits until the log reaches its ledger', () => {
    const store = memoryStore()
    store.writer.putRecords(records)
    const { record, ledger: since } = records.at(-1)!
    store.writer.apply({ ...pages(FIRST, [])[0]!, events: [], cursor: endOfLedger(since - 1) })
    expect([
      store.records.isWaiting(record.streamId),
      store.records.knows(record.streamId),
    ]).toEqual([true, true])
    expect(store.streams.byId(record.streamId.toString())).toBeUndefined()
    store.writer.declareGap({ from: since, to: since + 5, reason: 'retention', declaredAt: 1 })
    expect(store.records.isWaiting(record.streamId)).toBe(false)
    expect(recordOf(store.streams.byId(record.streamId.toString())!)).toEqual(recordOf(record))
  })
})

function upTo(batch: ScannedPage, last: number): ScannedPage {
  const events = batch.events.filter(({ event }) => event.ledger <= last)
  return { ...batch, events, cursor: endOfLedger(last) }
}

describe('the lifetime of a record', () => {
  test('the lifetime of a record is kept by new events, late events and a rebuild', () => {
    const middle = FIRST + 90
    const store = applied(pages(FIRST, []).map((batch) => upTo(batch, middle)))
    const lifetimes = rows(store).map(({ streamId }) => ({ streamId, liveUntilLedger: 77 }))
    store.writer.setLifetimes(lifetimes)
    for (const each of quirks.ledgers) {
      if (each.sequence > middle) store.writer.apply(scannedLedger(quirks, each))
    }
    store.writer.putRecords(chainAt(quirks, LAST).map((each) => ({ ...each, liveUntilLedger: 77 })))
    expect(store.writer.rebuild()).toMatchObject({ rewritten: 0, streamsChanged: 0 })
    expect(new Set(rows(store).map(({ liveUntilLedger }) => liveUntilLedger))).toEqual(
      new Set([77]),
    )
  })
})
