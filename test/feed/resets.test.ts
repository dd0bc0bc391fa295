import { describe, expect, test } from 'vitest'
import { completeThrough, endOfLedger } from '../../src/domain/cursor.ts'
import { hasEvents, idsOf, isCaughtUp } from '../support/feed/client.ts'
import { amidLedger, chainOf, logOf, logWith } from '../support/feed/log.ts'
import { eventually, useFeed } from '../support/feed/sockets.ts'
import { loadRecording } from '../support/recordings.ts'

const quirks = chainOf(await loadRecording('quirks'))

describe('P6: a position that cannot be used', () => {
  test('a position before the log gets a reset, and everything in the log', async (context) => {
    const { store } = logWith(quirks, 10)
    const { subscribe } = await useFeed(context, { store })
    const requested = endOfLedger(quirks.firstLedger - 5)
    const client = await (await subscribe({ cursor: requested })).until(isCaughtUp)
    const floor = store.coverage.floor()!
    const head = store.coverage.checkpoint()!.cursor
    expect(client.names().slice(0, 2)).toEqual(['message', 'reset'])
    expect(client.messages[0]!.id).toBe(requested)
    expect(client.named('reset')).toMatchObject([
      { id: floor, data: { reason: 'expired', requested, oldest: floor, head } },
    ])
    expect(idsOf(client)).toEqual(logOf(store).map(({ id }) => id))
  })

  test('a position beyond the network gets a reset, and what comes after the head', async (context) => {
    const { store, log } = logWith(quirks, 10)
    const tip = quirks.firstLedger + 20
    const { feed, subscribe } = await useFeed(context, { store, tip: () => tip })
    const requested = endOfLedger(tip + 1)
    const client = await (await subscribe({ cursor: requested })).until(isCaughtUp)
    const head = store.coverage.checkpoint()!.cursor
    const reset = { reason: 'ahead', requested, oldest: store.coverage.floor(), head }
    expect(client.named('reset')).toMatchObject([{ id: head, data: reset }])
    log.commit(10)
    feed.wake()
    await client.until(hasEvents(10))
    expect(idsOf(client)).toEqual(
      logOf(store)
        .slice(10)
        .map(({ id }) => id),
    )
  })

  test('a position beyond the log gets no reset until the tip of the network is known', async (context) => {
    const { store } = logWith(quirks, 10)
    let tip: number | undefined
    const { subscribe } = await useFeed(context, { store, tip: () => tip })
    const client = await (
      await subscribe({ cursor: endOfLedger(quirks.lastLedger + 9) })
    ).until(isCaughtUp)
    expect(client.named('reset')).toEqual([])
    tip = quirks.lastLedger
    await client.until((c) => c.named('reset').length > 0)
    expect(client.lastId).toBe(store.coverage.checkpoint()!.cursor)
  })

  test('a position that only another replica has reached is waited for', async (context) => {
    const { store, log } = logWith(quirks, 10)
    const { feed, subscribe } = await useFeed(context, { store, tip: () => quirks.lastLedger })
    const requested = quirks.events[29]!.event.id
    const client = await (await subscribe({ cursor: requested })).until(isCaughtUp)
    for (let commits = 0; commits < 8; commits += 1) {
      log.commit(5)
      feed.wake()
    }
    await client.until(hasEvents(20))
    expect(client.named('reset')).toEqual([])
    expect(client.lastId! >= requested).toBe(true)
    expect(idsOf(client)).toEqual(
      logOf(store)
        .slice(30)
        .map(({ id }) => id),
    )
  })
})

describe('P3: a gap', () => {
  /** A log of some events, and the ledgers to lose from there up to a later event. */
  function withGap(before: number, beyond: number) {
    const { store, log } = logWith(quirks, before)
    const first = completeThrough(store.coverage.checkpoint()!.cursor) + 1
    const to = quirks.events[beyond]!.event.ledger - 1
    return { store, log, first, to, ledgers: to - first + 1, end: endOfLedger(to) }
  }

  test('live subscriptions get a reset when a gap is declared', async (context) => {
    const { store, log, ledgers, end } = withGap(20, 60)
    const { feed, subscribe } = await useFeed(context, { store })
    const client = await (await subscribe()).until(isCaughtUp)
    const requested = client.lastId!
    log.lose(ledgers)
    log.commit(10)
    feed.wake()
    await client.until(hasEvents(10))
    expect(client.names().indexOf('reset')).toBe(2)
    expect(client.named('reset')).toMatchObject([
      { id: end, data: { reason: 'gap', requested, oldest: store.coverage.floor() } },
    ])
    expect(idsOf(client)).toEqual(
      logOf(store)
        .slice(20)
        .map(({ id }) => id),
    )
  })

  test('a replay across a gap gets one reset, in its place', async (context) => {
    const { store, log, ledgers, end } = withGap(20, 60)
    log.lose(ledgers)
    log.commit(200)
    const { subscribe } = await useFeed(context, { store })
    const client = await (await subscribe({ cursor: 'earliest' })).until(isCaughtUp)
    expect(client.names().indexOf('reset')).toBe(21)
    expect(client.named('reset')).toMatchObject([{ id: end, data: { reason: 'gap' } }])
    expect(idsOf(client)).toEqual(logOf(store).map(({ id }) => id))
    const back = await (await subscribe({ cursor: end })).until(isCaughtUp)
    expect(back.named('reset')).toEqual([])
    expect(idsOf(back)).toEqual(idsOf(client).slice(20))
  })

  test('a gap that begins inside a ledger hides no event of that ledger that is in the log', async (context) => {
    const cut = amidLedger(quirks)
    const { ledger } = quirks.events[cut]!.event
    const { store, log } = logWith(quirks, cut)
    const { feed, subscribe } = await useFeed(context, { store })
    const live = await subscribe({ cursor: 'earliest' })
    await live.until(isCaughtUp)
    log.lose(11)
    log.commit(10)
    feed.wake()
    const replayed = await (await subscribe({ cursor: 'earliest' })).until(isCaughtUp)
    await live.until(hasEvents(cut + 10))
    const told = { id: endOfLedger(ledger + 10), data: { requested: logOf(store)[cut - 1]!.id } }
    for (const client of [live, replayed]) {
      expect(idsOf(client)).toEqual(logOf(store).map(({ id }) => id))
      expect(client.named('reset')).toMatchObject([told])
      expect(client.names().indexOf('reset')).toBeGreaterThan(cut)
    }
  })

  test('a subscription that stalls at a gap gets the reset when it continues', async (context) => {
    const { store, log, ledgers, end } = withGap(20, 60)
    const { feed, subscribe } = await useFeed(context, { store, highWaterMark: 64 })
    const client = await subscribe()
    await client.until(isCaughtUp)
    client.served.cork()
    log.commit(1)
    log.lose(ledgers)
    log.commit(5)
    feed.wake()
    expect(feed.stats().stalled).toBe(1)
    client.served.uncork()
    await client.until(hasEvents(6))
    expect(client.named('reset')).toMatchObject([{ id: end }])
    expect(client.names().indexOf('reset')).toBe(3)
  })

  test('when a gap is filled, only subscriptions after it get a reset', async (context) => {
    const { store, log, first, to, ledgers } = withGap(20, 60)
    log.lose(ledgers)
    log.commit(20)
    const { feed, subscribe } = await useFeed(context, { store, highWaterMark: 1 })
    const beyond = await (await subscribe()).until(isCaughtUp)
    const before = await subscribe({ cursor: 'earliest' })
    before.served.cork()
    await eventually(() => feed.stats().stalled === 1)
    const events = quirks.events.filter(({ event }) => event.ledger >= first && event.ledger <= to)
    store.writer.apply({
      events,
      cursor: endOfLedger(to),
      scannedFrom: first,
      closedAt: undefined,
      tip: { ledger: quirks.lastLedger, closedAt: undefined },
    })
    feed.wake()
    await beyond.until((client) => client.named('reset').length > 0)
    const position = store.coverage.checkpoint()!.cursor
    expect(beyond.named('reset')).toMatchObject([
      { id: position, data: { reason: 'gap', requested: position } },
    ])
    before.served.uncork()
    await before.until(isCaughtUp)
    expect(before.named('reset')).toEqual([])
    expect(idsOf(before)).toEqual(logOf(store).map(({ id }) => id))
  })
})
