import { describe, expect, test } from 'vitest'
import type { TestContext } from 'vitest'
import { EVERYTHING } from '../../src/domain/filter.ts'
import { endOfLedger } from '../../src/domain/cursor.ts'
import type { UnrecognisedEvent } from '../../src/domain/event.ts'
import { createSlices } from '../../src/domain/slices.ts'
import { chainAt } from '../support/chain-records.ts'
import { idsOf, isCaughtUp } from '../support/feed/client.ts'
import type { FeedClient } from '../support/feed/client.ts'
import { chainOf, committer, logOf, matches } from '../support/feed/log.ts'
import { useFeed } from '../support/feed/sockets.ts'
import { scannedLedger, loadRecording, memoryStore } from '../support/recordings.ts'
import type { TestStore } from '../support/recordings.ts'
import { openTwoConnections } from '../support/two-connections.ts'
import { until } from '../support/until.ts'

/** Ledgers that change after the feed has read them, and the subscriptions that get a reset. */

const recording = await loadRecording('quirks')
const quirks = chainOf(recording)
const isReset = (client: FeedClient) => client.named('reset').length > 0

/** A log that begins late, and a user whose events are known only from the chain's records. */
function lateLog() {
  const late = () => {
    const store = memoryStore()
    for (const ledger of recording.ledgers) {
      if (ledger.sequence < quirks.firstLedger + 60) continue
      store.writer.apply(scannedLedger(recording, ledger))
    }
    return store
  }
  const store = late()
  const repaired = late()
  const records = chainAt(recording, quirks.lastLedger)
  repaired.writer.putRecords(records)
  const before = logOf(store)
  const changed = logOf(repaired).find(({ sender }, at) => sender !== before[at]!.sender)!
  const filter = { ...EVERYTHING, users: [changed.sender!] }
  const expected = logOf(repaired)
    .filter((entry) => matches(entry, filter))
    .map(({ id }) => id)
  return { store, records, filter, expected }
}

describe('a commit of another process while the feed looks at the log', () => {
  test('P3: a gap declared during the look reaches live subscriptions', async (context) => {
    const { writing, reading, close } = await openTwoConnections()
    context.onTestFinished(close)
    const log = committer(writing, quirks)
    log.commit(50)
    let strike = false
    const coverage: typeof reading.coverage = {
      ...reading.coverage,
      gaps() {
        const gaps = reading.coverage.gaps()
        if (strike) {
          strike = false
          log.lose(30)
          log.commit(5)
        }
        return gaps
      },
    }
    const { feed, subscribe } = await useFeed(context, { store: { ...reading, coverage } })
    const client = await (await subscribe()).until(isCaughtUp)
    strike = true
    feed.wake()
    feed.wake()
    const { id } = logOf(writing).at(-1)!
    await client.until((c) => c.events().at(-1)?.id === id)
    expect(client.named('reset')).toMatchObject([
      { id: endOfLedger(writing.coverage.gaps()[0]!.to), data: { reason: 'gap' } },
    ])
    const names = client.names()
    expect(names.indexOf('reset')).toBe(names.indexOf('caught_up') + 1)
  })
})

describe('records of the chain that name the parties of older events', () => {
  test('P6: no page that was read before the records is sent after them', async (context) => {
    const { store, records, filter, expected } = lateLog()
    const { feed, subscribe } = await useFeed(context, { store })
    const first = await (await subscribe({ cursor: 'earliest', filter })).until(isCaughtUp)
    expect(idsOf(first).length).toBeLessThan(expected.length)
    store.writer.putRecords(records)
    feed.resetAll()
    await first.until(isReset)
    expect(first.named('reset')).toMatchObject([{ data: { reason: 'gap' } }])
    const second = await (await subscribe({ cursor: 'earliest', filter })).until(isCaughtUp)
    expect(idsOf(second)).toEqual(expected)
  })

  test('P6: the records count from the next look on, even before the feed resets everyone', async (context) => {
    const { store, records, filter, expected } = lateLog()
    const { feed, subscribe } = await useFeed(context, { store })
    await (await subscribe({ cursor: 'earliest', filter })).until(isCaughtUp)
    store.writer.putRecords(records)
    feed.wake()
    const second = await (await subscribe({ cursor: 'earliest', filter })).until(isCaughtUp)
    expect(idsOf(second)).toEqual(expected)
  })
})

test('P6: after a rebuild that decodes events again, no earlier page is sent', async (context) => {
  const store = memoryStore()
  // As a decoder that knew no event would leave them.
  const events = quirks.events.slice(0, 100).map(({ raw }) => {
    const { id, contractId, ledger, timestamp, transactionHash, topics, value } = raw
    const head = { id, contractId, ledger, timestamp, transactionHash }
    const unknown: UnrecognisedEvent = {
      ...head,
      type: 'unrecognised',
      reason: 'new',
      topics,
      value,
    }
    return { raw, event: unknown }
  })
  committer(store, { ...quirks, events }).rest()
  const { feed, subscribe } = await useFeed(context, { store })
  const first = await (await subscribe({ cursor: 'earliest' })).until(isCaughtUp)
  expect(first.named('unrecognised')).toHaveLength(100)
  expect(store.writer.rebuild().recognised).toBeGreaterThan(0)
  feed.wake()
  const second = await (await subscribe({ cursor: 'earliest' })).until(isCaughtUp)
  expect(second.events().map(({ text }) => text)).toEqual(logOf(store).map(({ data }) => data))
})

test('P6: a page is dropped if parties became known while it was read', async (context) => {
  const { store, records, filter, expected } = lateLog()
  const turns: (() => void)[] = []
  const slices = createSlices({ turnMs: 1e-6, defer: (turn) => turns.push(turn) })
  const { subscribe, feed } = await useFeed(context, { store, slices })
  await subscribe({ cursor: 'earliest', filter })
  await until(() => turns.length > 0)
  // After a step or two the read has begun.
  turns.shift()?.()
  turns.shift()?.()
  expect(feed.stats().replaying).toBe(1)
  store.writer.putRecords(records)
  feed.wake()
  const second = await subscribe({ cursor: 'earliest', filter })
  await until(() => {
    turns.shift()?.()
    return feed.stats().live === 2
  })
  await second.until(isCaughtUp)
  expect(idsOf(second)).toEqual(expected)
})

describe('a client that was away while the past changed, and a feed that started again since', () => {
  /** What the client that comes back with this position gets before anything else. */
  async function resetsAt(context: TestContext, store: TestStore, cursor: string) {
    const { subscribe } = await useFeed(context, { store })
    const client = await (await subscribe({ cursor })).until(isCaughtUp)
    return client.named('reset').map(({ data }) => data['reason'])
  }

  test('P3: gets a reset after a gap was filled', async (context) => {
    const store = memoryStore()
    const log = committer(store, quirks)
    log.commit(50)
    log.lose(30)
    log.commit(20)
    const [gap] = store.coverage.gaps()
    const passed = store.coverage.checkpoint()!.cursor
    const before = endOfLedger(gap!.from - 1)
    for (const ledger of recording.ledgers) {
      const isLost = ledger.sequence >= gap!.from && ledger.sequence <= gap!.to
      if (isLost) store.writer.apply(scannedLedger(recording, ledger))
    }
    expect(store.coverage.gaps()).toEqual([])
    log.commit(20)
    expect(await resetsAt(context, store, passed)).toEqual(['gap'])
    expect(await resetsAt(context, store, before)).toEqual([])
    expect(await resetsAt(context, store, store.coverage.checkpoint()!.cursor)).toEqual([])
  })

  test('P3: gets a reset after records of the chain, or a rebuild, changed streams', async (context) => {
    const { store, records } = lateLog()
    const passed = logOf(store).at(-1)!.id
    store.writer.putRecords(records)
    expect(await resetsAt(context, store, passed)).toEqual(['gap'])
    const other = memoryStore()
    const log = committer(other, quirks)
    log.commit(50)
    other.sqlite.exec("update streams set deposited_amount = '1'")
    const rebuiltAt = other.coverage.checkpoint()!.cursor
    other.writer.rebuild()
    log.commit(50)
    expect(await resetsAt(context, other, rebuiltAt)).toEqual(['gap'])
    expect(await resetsAt(context, other, other.coverage.checkpoint()!.cursor)).toEqual([])
  })

  test('P8: many changes are kept as few, which may reset too many clients but never too few', async (context) => {
    const { store, records } = lateLog()
    const positions: string[] = []
    const { sequence } = recording.ledgers.at(-1)!
    for (let count = 1; count <= 200; count += 1) {
      positions.push(store.coverage.checkpoint()!.cursor)
      store.writer.putRecords([{ ...records[0]!, readLedger: sequence + count }])
      store.writer.apply({
        ...scannedLedger(recording, {
          ...recording.ledgers.at(-1)!,
          sequence: sequence + count,
          events: [],
        }),
      })
    }
    expect(store.corrections().length).toBeLessThanOrEqual(64)
    for (const position of [positions[0]!, positions[100]!, positions.at(-1)!]) {
      expect(await resetsAt(context, store, position)).toEqual(['gap'])
    }
  })
})

describe('a position that turns out to be wrong during a round', () => {
  test('P6: a position beyond the network gets a reset, and the page after it', async (context) => {
    const store = memoryStore()
    const log = committer(store, quirks)
    log.commit(10)
    let tip: number | undefined
    const { feed, subscribe } = await useFeed(context, {
      store,
      tip: () => tip,
      limits: { writesPerTurn: 1 },
    })
    const live = await Promise.all(Array.from({ length: 5 }, () => subscribe()))
    await Promise.all(live.map((client) => client.until(isCaughtUp)))
    const ahead = await subscribe({ cursor: endOfLedger(quirks.lastLedger + 1_000) })
    await ahead.until(isCaughtUp)
    log.commit(40)
    // The network has not reached the position that the client came with.
    tip = quirks.lastLedger
    feed.wake()
    log.commit(10)
    feed.wake()
    await Promise.all([...live, ahead].map((client) => client.until((c) => c.events().length > 0)))
    const { id: last } = logOf(store).at(-1)!
    for (const client of [...live, ahead]) await client.until((c) => c.lastId! >= last)
    const [reset] = ahead.named('reset')
    expect(reset).toMatchObject({ data: { reason: 'ahead' } })
    expect(idsOf(ahead)).toEqual(
      logOf(store)
        .map(({ id }) => id)
        .filter((id) => id > reset!.id!),
    )
    expect(idsOf(ahead).length).toBeGreaterThanOrEqual(50)
  })

  test('P6: a log that begins after the position is delivered from its start', async (context) => {
    const store = memoryStore()
    const { feed, subscribe } = await useFeed(context, { store })
    const requested = endOfLedger(quirks.firstLedger - 5)
    const client = await (await subscribe({ cursor: requested })).until(isCaughtUp)
    committer(store, quirks).commit(20)
    feed.wake()
    await client.until(isReset)
    const { id: last } = logOf(store).at(-1)!
    await client.until((c) => c.lastId! >= last)
    expect(client.named('reset')).toMatchObject([
      { id: store.coverage.floor(), data: { reason: 'expired', requested } },
    ])
    expect(idsOf(client)).toEqual(logOf(store).map(({ id }) => id))
  })
})
