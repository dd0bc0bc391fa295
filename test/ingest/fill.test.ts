import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { fillMissing } from '../../src/ingest/fill.ts'
import { createRecordingSource } from '../../src/source/recording-source.ts'
import { uncovered } from '../../src/store/coverage.ts'
import type { WritableStore } from '../../src/store/store.ts'
import { dump, ledgerBatch, loadRecording, memoryStore } from '../support/recordings.ts'

const recording = await loadRecording('quirks')
const { contractId, firstLedger: first } = recording.header
const last = first + 178
const source = createRecordingSource(recording, contractId)
const signal = new AbortController().signal

/** A log that has lost these ledgers. */
function withGap(from: number, to: number): WritableStore {
  const store = memoryStore()
  for (const ledger of recording.ledgers) {
    if (ledger.sequence === from) {
      store.writer.declareGap({ from, to, reason: 'retention', declaredAt: 1 }, endOfLedger(to))
    }
    if (ledger.sequence >= from && ledger.sequence <= to) continue
    store.writer.apply(ledgerBatch(recording, ledger))
  }
  return store
}

function fill(store: WritableStore, from = first) {
  const { coverage, writer } = store
  return fillMissing({ source, coverage, writer, decode: createDecoder(), from }, signal)
}

const whole = withGap(last + 1, last + 1)

describe('filling a gap', () => {
  property.prop([fc.integer({ min: first + 1, max: last - 1 }), fc.integer({ min: 0, max: 100 })], {
    numRuns: 15,
  })('gives the rows of a log that never had one', async (from, length) => {
    const to = Math.min(from + length, last - 1)
    const store = withGap(from, to)
    expect(store.coverage.gaps()).toHaveLength(1)
    const { filled, lost } = await fill(store)
    expect({ filled, lost }).toEqual({ filled: [{ from, to }], lost: [] })
    expect(dump(store)).toEqual(dump(whole))
  })

  test('in part leaves the rest of it a gap', async () => {
    const store = withGap(first + 40, first + 80)
    await fill(store, first + 60)
    expect(store.coverage.gaps()).toMatchObject([
      { from: first + 40, to: first + 59, reason: 'retention', declaredAt: 1 },
    ])
    expect(store.coverage.intervals()).toEqual([
      { from: first, to: first + 39 },
      { from: first + 60, to: last },
    ])
  })

  test('tells what the source has lost too', async () => {
    const store = memoryStore()
    store.writer.apply(ledgerBatch(recording, recording.ledgers.at(-1)!))
    const { filled, lost } = await fill(store, first - 10)
    expect(filled).toEqual([{ from: first, to: last - 1 }])
    expect(lost).toEqual([{ from: first - 10, to: first - 1 }])
    const { events, streams } = dump(store)
    expect({ events, streams }).toEqual({
      events: dump(whole)['events'],
      streams: dump(whole)['streams'],
    })
  })

  test('again does nothing', async () => {
    const store = withGap(first + 40, first + 80)
    await fill(store)
    expect(await fill(store)).toEqual({ filled: [], lost: [], events: 0 })
  })
})

describe('what intervals leave uncovered', () => {
  const interval = fc
    .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20 }))
    .map(([from, length]) => ({ from, to: from + length }))
  property.prop([interval, fc.uniqueArray(interval, { maxLength: 5 })])(
    'is every ledger that is in none of them',
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
