import { expect, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { endOfLedger } from '../../src/domain/cursor.ts'
import type { Stream } from '../../src/domain/stream.ts'
import { createHeldView } from '../../src/store/read/held.ts'
import { byId, chainAt, recordOf } from '../support/chain-records.ts'
import { lastLedger } from '../support/recorded.ts'
import { loadRecording, memoryStore, scannedLedger } from '../support/recordings.ts'
import type { TestStore } from '../support/recordings.ts'

const recording = await loadRecording('quirks')
const FIRST = recording.header.firstLedger
const LAST = lastLedger(recording)
/** Ledgers that the log does not get. */
const GAP = { from: FIRST + 60, to: FIRST + 90 }
const decode = createDecoder()

/** The log with a gap. */
function withGap(): TestStore {
  const store = memoryStore()
  for (const ledger of recording.ledgers) {
    const page = scannedLedger(recording, ledger)
    if (ledger.sequence < GAP.from) store.writer.apply(page)
    if (ledger.sequence === GAP.to) store.writer.declareGap({ ...GAP, reason: 'x', declaredAt: 0 })
    if (ledger.sequence > GAP.to) store.writer.apply(page)
  }
  return store
}

interface Past {
  stream: Stream | undefined
  isKnown: boolean
}

function pastOf(store: TestStore, streamId: bigint, ledger: number): Past {
  const { history } = createHeldView(store.sqlite)
  const query = { streamId, through: endOfLedger(ledger), decode }
  const stream = [...history.changes(query)].flat().at(-1)?.stream
  const isKnown = stream !== undefined && history.unknownLedgers(stream, ledger).length === 0
  return { stream, isKnown }
}

/** Every stream at many ledgers: what is said to be known is as the chain had it. */
function expectHonest(store: TestStore): { known: number; unknown: number } {
  const counts = { known: 0, unknown: 0 }
  for (let ledger = FIRST + 2; ledger <= LAST; ledger += 16) {
    if (ledger >= GAP.from && ledger <= GAP.to) continue
    for (const [streamId, record] of byId(chainAt(recording, ledger))) {
      const { stream, isKnown } = pastOf(store, streamId, ledger)
      counts[isKnown ? 'known' : 'unknown'] += 1
      if (isKnown) expect([ledger, recordOf(stream!)]).toEqual([ledger, record])
    }
  }
  return counts
}

test('P3: after a gap the past of a stream is known again only where nothing was missed', () => {
  const store = withGap()
  const before = expectHonest(store)
  expect(before.unknown).toBeGreaterThan(20)

  // What an audit does: records of the streams that the lost events changed, then the gap is over.
  const changed = chainAt(recording, LAST).filter(({ record: { streamId } }) => {
    const row = store.streams.byId(streamId.toString())
    const chain = byId(chainAt(recording, LAST)).get(streamId)
    return row === undefined || JSON.stringify(text(recordOf(row))) !== JSON.stringify(text(chain!))
  })
  expect(changed.length).toBeGreaterThan(3)
  store.writer.putRecords(changed)
  store.writer.markRepaired(GAP)
  const after = expectHonest(store)
  expect(after.known).toBeGreaterThan(before.known)
  expect(after.known + after.unknown).toBe(before.known + before.unknown)
  store.close()
})

function text(record: object): object {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, String(value)]))
}

test('a gap does not hide the past before it', () => {
  const store = withGap()
  const chain = byId(chainAt(recording, GAP.from - 1))
  expect(chain.size).toBeGreaterThan(5)
  for (const streamId of chain.keys()) {
    expect(pastOf(store, streamId, GAP.from - 1).isKnown).toBe(true)
  }
  store.close()
})
