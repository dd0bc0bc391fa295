import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { endOfLedger, ORIGIN } from '../../src/domain/cursor.ts'
import type { Cursor } from '../../src/domain/cursor.ts'
import type { Decode } from '../../src/domain/event.ts'
import { createFoldStates } from '../../src/store/read/fold-states.ts'
import { createHeldView } from '../../src/store/read/held.ts'
import type { History } from '../../src/store/read/history.ts'
import type { Sqlite } from '../../src/store/sqlite.ts'
import { chainAt } from '../support/chain-records.ts'
import { drain } from '../support/drain.ts'
import { lastLedger } from '../support/recorded.ts'
import { loadRecording, memoryStore, scannedLedger } from '../support/recordings.ts'

const recording = await loadRecording('quirks')
const FIRST = recording.header.firstLedger
const LENGTH = lastLedger(recording) - FIRST
const STREAMS = chainAt(recording, lastLedger(recording)).length
const decodeAgain = createDecoder()
const decoded = new Map<Cursor, ReturnType<Decode>>()
/** Each event once for all runs. */
const decode: Decode = (raw) => {
  const event = decoded.get(raw.id) ?? decodeAgain(raw)
  decoded.set(raw.id, event)
  return event
}

interface Read {
  streamId: bigint
  through: Cursor
  after: Cursor
}

/** What a page of an explanation, and a state of the past, are made of. */
function readWith(history: History, { after, ...query }: Read) {
  const changes = [...history.changes({ ...query, after, decode })]
    .flat()
    .filter(({ event, stream }) => (event?.id ?? endOfLedger(stream.updatedLedger)) > after)
  return { changes, stream: drain(history.at({ ...query, decode })) }
}

const ledger = fc.integer({ min: FIRST, max: FIRST + LENGTH })
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('read' as const), to: ledger, id: fc.nat() }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('apply' as const), count: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fill' as const), count: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('records' as const), id: fc.nat() }) },
)

test.prop(
  {
    steps: fc.array(step, { minLength: 20, maxLength: 60 }),
    stride: fc.integer({ min: 1, max: 5 }),
  },
  {
    numRuns: 6,
  },
)(
  'P5: a past that is folded from kept states is the past folded from the first event',
  ({ steps, stride }) => {
    const store = memoryStore()
    const kept = createHeldView(store.sqlite, createFoldStates({ stride, most: 100 })).history
    const { history: plain } = createHeldView(store.sqlite, createFoldStates({ stride: Infinity }))
    const missed: (typeof recording.ledgers)[number][] = []
    let next = 0
    for (const step of steps) {
      if (step.kind === 'apply') {
        for (const one of recording.ledgers.slice(next, (next += step.count))) {
          // Every third ledger comes late.
          if (one.sequence % 3 === 0) missed.push(one)
          else store.writer.apply(scannedLedger(recording, one))
        }
      } else if (step.kind === 'fill') {
        for (const one of missed.splice(0, step.count))
          store.writer.apply(scannedLedger(recording, one))
      } else if (step.kind === 'records') {
        const at = store.coverage.scannedThrough()
        const records = chainAt(recording, at)
        store.writer.putRecords(records.filter((_, index) => index % 2 === step.id % 2))
      } else {
        for (let id = 1 + (step.id % 5); id <= STREAMS; id += 5) {
          const read = { streamId: BigInt(id), through: endOfLedger(step.to), after: ORIGIN }
          const whole = readWith(plain, read)
          const events = whole.changes.flatMap(({ event }) => event?.id ?? [])
          const after = events[step.id % Math.max(1, events.length)] ?? ORIGIN
          expect(readWith(kept, read)).toEqual(whole)
          const rest = whole.changes.filter(({ event, stream }) => {
            return (event?.id ?? endOfLedger(stream.updatedLedger)) > after
          })
          expect(readWith(kept, { ...read, after })).toEqual({ ...whole, changes: rest })
        }
      }
    }
    store.close()
  },
)

const EVENTS = 4_000
const PAGE = 100

test('the pages of a long stream cost one fold in all, not one each', () => {
  const store = memoryStore()
  for (const each of recording.ledgers) store.writer.apply(scannedLedger(recording, each))
  const streamId = grow(store.sqlite)
  let count = 0
  const counting: Decode = (raw) => {
    count += 1
    return decode(raw)
  }
  const { history } = createHeldView(store.sqlite)
  const through = endOfLedger(2 ** 31 - 1)
  let after = ORIGIN
  let found = 0
  for (let page = 0; page < EVENTS / PAGE; page += 1) {
    let onPage = 0
    for (const batch of history.changes({ streamId, through, after, decode: counting })) {
      for (const { event } of batch) {
        if (event === null || event.id <= after || onPage === PAGE) continue
        onPage += 1
        found += 1
        after = event.id
      }
      if (onPage === PAGE) break
    }
  }
  expect(found).toBe(EVENTS)
  // Of every page: the way from the state before it, itself, and the rest of a batch.
  expect(count).toBeLessThan((EVENTS / PAGE) * (512 + PAGE + 64))
  count = 0
  drain(history.at({ streamId, through, decode: counting }))
  expect(count).toBeLessThan(1_000)
  store.close()
})

/** Tops a stream up thousands of times, after everything else. */
function grow(sqlite: Sqlite): bigint {
  const row = sqlite
    .prepare<[], { id: Cursor; streamId: string }>(
      `select id, stream_id as streamId from events where type = 'stream.topped_up' limit 1`,
    )
    .get()!
  sqlite
    .prepare(
      `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ?)
       insert into events
       select '9' || substr(id, 2, 19) || printf('%010d', n), type, stream_id, sender, recipient,
         json_set(data, '$.id', '9' || substr(id, 2, 19) || printf('%010d', n)), raw
       from events, numbers where id = ?`,
    )
    .run(EVENTS, row.id)
  return BigInt(row.streamId)
}
