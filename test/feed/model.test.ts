import { setImmediate as turn } from 'node:timers/promises'
import { fc, test as property } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { completeThrough, endOfLedger, ORIGIN } from '../../src/domain/cursor.ts'
import type { Cursor } from '../../src/domain/cursor.ts'
import type { EventFilter } from '../../src/domain/filter.ts'
import type { LogEntry } from '../../src/store/read/log.ts'
import type { ChainRecord } from '../../src/store/read/records.ts'
import type { DecodedEvent } from '../../src/store/write/scanned-page.ts'
import { createSlices } from '../../src/domain/slices.ts'
import type { Store, WritableStore } from '../../src/store/store.ts'
import { chainAt } from '../support/chain-records.ts'
import { isEvent } from '../support/feed/client.ts'
import type { Message } from '../support/feed/client.ts'
import { chainOf, committer, logOf, matches } from '../support/feed/log.ts'
import type { Chain } from '../support/feed/log.ts'
import { openFeed, settled } from '../support/feed/sockets.ts'
import type { FeedSetup, FeedSubscriber } from '../support/feed/sockets.ts'
import {
  anyCommit,
  anyFilter,
  anyMove,
  anyTurns,
  partsOf,
  readOn,
  standStill,
} from '../support/feed/worlds.ts'
import { loadRecording, memoryStore } from '../support/recordings.ts'
import { openTwoConnections } from '../support/two-connections.ts'

/**
 * In `suffix.test.ts` the past never changes. Here it does: gaps are filled in parts, and records of
 * the chain name the parties of older events. Every matching event after the start must then be
 * delivered once, in order, as it is now, or the client must have got a reset after its position.
 */

const recording = await loadRecording('quirks')
const whole = chainOf(recording, 330)
/** The log begins late, so that some parties are known only from the chain. */
const SKIPPED = 40
const chain: Chain = {
  events: whole.events.slice(SKIPPED),
  firstLedger: whole.events[SKIPPED]!.event.ledger,
  lastLedger: whole.lastLedger,
}
const records = chainAt(recording, chain.lastLedger)

const complete = memoryStore()
committer(complete, chain).rest()
complete.writer.putRecords(records)
const log = logOf(complete)
complete.close()

const parts = partsOf(log)
const FAR = endOfLedger(chain.lastLedger + 1_000)
const reader = fc.record({
  filter: anyFilter(parts),
  cursor: fc.oneof(
    fc.constantFrom('earliest', 'now', ORIGIN, FAR, endOfLedger(chain.firstLedger - 2)),
    fc.constantFrom(...parts.positions),
  ),
  chunked: fc.boolean(),
})
const READERS = 3
const step = fc.oneof(
  { weight: 4, arbitrary: anyCommit },
  { weight: 4, arbitrary: anyMove(READERS) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('lose' as const),
      ledgers: fc.integer({ min: 3, max: 20 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('fill' as const),
      gap: fc.nat(5),
      events: fc.integer({ min: 1, max: 12 }),
      wake: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('repair' as const),
      from: fc.nat(records.length - 1),
      count: fc.integer({ min: 1, max: 10 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hear' as const) }) },
  { weight: 3, arbitrary: anyTurns },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const world = fc.record({
  readers: fc.tuple(reader, reader, reader),
  /** Events that are in the log before the first subscription. */
  before: fc.nat(200),
  steps: fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }),
  /** How many bytes a socket takes before it is full. */
  highWaterMark: fc.constantFrom(1, 4_096, 65_536),
  writesPerTurn: fc.constantFrom(1, 2, 400),
  /** One step of a replay per turn, or several. */
  turnMs: fc.constantFrom(0.001, 4),
})

/** A client that is cut off now and then, and comes back. */
interface Reader {
  filter: EventFilter
  cursor: string
  chunked: boolean
  /** Undefined while it is away. */
  client: FeedSubscriber | undefined
  messages: Message[]
}

async function come(each: Reader, feed: FeedSetup): Promise<void> {
  const cursor = each.messages.findLast(({ id }) => id !== undefined)?.id ?? each.cursor
  const { filter: wanted, chunked } = each
  each.client = await feed.subscribe({ filter: wanted, chunked, cursor })
}

function leave(each: Reader): void {
  each.messages.push(...(each.client?.messages ?? []))
  each.client?.socket.destroy()
  each.client = undefined
}

/**
 * Fetches some of the events of a gap, as a fill does: a page can end inside a ledger, and the next
 * one brings the rest of it. Only then does the gap shrink.
 */
function fill(store: WritableStore, at: number, most: number, paged: () => void): void {
  const gaps = store.coverage.gaps()
  const gap = gaps[at % Math.max(1, gaps.length)]
  if (gap === undefined) return
  const known = new Set(logOf(store).map(({ id }) => id))
  const missing = chain.events.filter(
    ({ event: { ledger, id } }) => ledger >= gap.from && ledger <= gap.to && !known.has(id),
  )
  const last = missing.slice(0, most).at(-1)?.event.ledger ?? gap.to
  const first = missing.slice(0, most)
  const rest = missing.slice(most).filter(({ event }) => event.ledger === last)
  const through = missing.length > first.length + rest.length ? last : gap.to
  if (rest.length > 0) {
    apply(first, first.at(-1)!.event.id)
    paged()
  }
  apply(rest.length > 0 ? rest : first, endOfLedger(through))

  function apply(events: readonly DecodedEvent[], cursor: Cursor): void {
    const { from: scannedFrom } = gap!
    const tip = { ledger: chain.lastLedger, closedAt: undefined }
    store.writer.apply({ events, cursor, scannedFrom, closedAt: undefined, tip })
  }
}

function repair(store: WritableStore, some: readonly ChainRecord[]): void {
  // Read at the log's own ledger, whatever it is.
  const checkpoint = store.coverage.checkpoint()
  if (checkpoint === undefined) return
  const readLedger = completeThrough(checkpoint.cursor)
  store.writer.putRecords(some.filter(({ ledger }) => ledger <= readLedger))
}

/** When each event got its present form. */
function createBirths(store: WritableStore) {
  const births = new Map<string, { data: string; at: number }>()
  return {
    note(): void {
      const at = performance.now()
      for (const { id, data } of logOf(store)) {
        if (births.get(id)?.data !== data) births.set(id, { data, at })
      }
    },
    of: ({ id }: LogEntry) => births.get(id)!.at,
  }
}

/** What a reader was given since the last reset that moved its position. */
function lastPart(messages: readonly Message[]): readonly Message[] {
  const from = messages.findLastIndex(
    ({ event, data }) => event === 'reset' && data['reason'] !== 'gap',
  )
  return messages.slice(Math.max(0, from))
}

function check(
  { messages, filter: wanted }: Reader,
  entries: readonly LogEntry[],
  births: Births,
): void {
  const part = lastPart(messages)
  const { id: origin } = part[0]!
  const ids = part.flatMap(({ id }) => id ?? [])
  expect(ids).toEqual(ids.toSorted())
  const got = part.filter(isEvent)
  const gotIds = got.map(({ id }) => id!)
  expect(gotIds).toEqual([...new Set(gotIds)])
  const known = new Set(entries.map(({ id }) => id))
  expect(gotIds.filter((id) => !known.has(id))).toEqual([])
  const resets = messages.filter(({ event }) => event === 'reset')
  const texts = new Map(got.map(({ id, text }) => [id!, text]))
  const missed = entries.filter(
    (entry) =>
      entry.id > origin! &&
      matches(entry, wanted) &&
      texts.get(entry.id) !== entry.data &&
      !resets.some(({ id, at }) => id! >= entry.id && at >= births.of(entry)),
  )
  expect(missed.map(({ id }) => id)).toEqual([])
}
type Births = ReturnType<typeof createBirths>

async function play(
  { readers: wanted, before, steps, highWaterMark, writesPerTurn, turnMs }: World,
  { writing, reading }: { writing: WritableStore; reading: Store },
): Promise<void> {
  const chainLog = committer(writing, chain)
  const births = createBirths(writing)
  if (before > 0) chainLog.commit(before)
  births.note()
  let tip: number | undefined
  const feed = await openFeed({
    store: reading,
    tip: () => tip,
    highWaterMark,
    limits: { writesPerTurn },
    slices: createSlices({ turnMs }),
  })
  const readers = wanted.map((each): Reader => ({ ...each, client: undefined, messages: [] }))
  for (const each of readers) await come(each, feed)
  // The feed notices a commit of another connection itself; its own connection always wakes it.
  const isOwn = reading === writing

  async function take(each: Step): Promise<void> {
    switch (each.kind) {
      case 'commit':
        chainLog.commit(each.events)
        births.note()
        if (each.wake) feed.feed.wake()
        break
      case 'lose':
        chainLog.lose(each.ledgers)
        break
      case 'fill':
        fill(writing, each.gap, each.events, () => {
          births.note()
          if (each.wake || isOwn) feed.feed.wake()
        })
        births.note()
        if (each.wake || isOwn) feed.feed.wake()
        break
      case 'repair':
        repair(writing, records.slice(each.from, each.from + each.count))
        births.note()
        feed.feed.wake()
        feed.feed.resetAll()
        break
      case 'hear':
        tip = chain.lastLedger
        feed.feed.wake()
        break
      case 'turn':
        for (let times = each.times; times > 0; times -= 1) await turn()
        break
      case 'pause':
        standStill(readers[each.reader]!.client)
        break
      case 'read':
        readOn(readers[each.reader]!.client)
        break
      case 'cut': {
        const reader = readers[each.reader]!
        if (reader.client === undefined) await come(reader, feed)
        else leave(reader)
      }
    }
  }

  for (const each of steps) await take(each)
  chainLog.rest()
  births.note()
  tip = chain.lastLedger
  feed.feed.wake()
  for (const each of readers) {
    if (each.client === undefined) await come(each, feed)
    readOn(each.client)
  }
  await settled(feed, READERS)
  await feed.feed.close(0)
  const entries = logOf(writing)
  for (const each of readers) {
    await each.client!.until(({ ended }) => ended)
    leave(each)
    check(each, entries, births)
  }
  await feed.close()
}
type World = typeof world extends fc.Arbitrary<infer T> ? T : never

describe('P6: every event after the start is delivered once, in order, or the client gets a reset', () => {
  property.prop([world], { numRuns: 15 })(
    'nothing is lost while gaps are declared and filled, parties become known and readers come, stall and go',
    async (each) => {
      const store = memoryStore()
      await play(each, { writing: store, reading: store })
      store.close()
    },
  )

  property.prop([world], { numRuns: 15 })(
    'nothing is lost if another connection commits at any moment, even between two steps of a read',
    async (each) => {
      const connections = await openTwoConnections()
      await play(each, connections)
      await connections.close()
    },
  )
})
