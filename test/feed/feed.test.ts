import { describe, expect, test } from 'vitest'
import { completeThrough, endOfLedger, ledgerOf, ORIGIN } from '../../src/domain/cursor.ts'
import { EVENT_TYPES } from '../../src/domain/event.ts'
import { EVERYTHING } from '../../src/domain/filter.ts'
import type { EventFilter } from '../../src/domain/filter.ts'
import type { FeedClient } from '../support/feed/client.ts'
import { chainOf, committer, logOf } from '../support/feed/log.ts'
import { eventually, useFeed } from '../support/feed/sockets.ts'
import { decoded, loadRecording, memoryStore } from '../support/recordings.ts'

const firstSteps = chainOf(await loadRecording('first-steps'))
const quirks = chainOf(await loadRecording('quirks'))
const lively = chainOf(await loadRecording('lively'))
const QUIET = { ...EVERYTHING, streams: ['18446744073709551615'] }

const STREAM_TYPES = EVENT_TYPES.filter((type) => type.startsWith('stream.'))

const isCaughtUp = (client: FeedClient) => client.named('caught_up').length > 0
const hasEvents = (count: number) => (client: FeedClient) => client.events().length >= count

/** A log of some events of a chain, and the means to commit the others. */
function logWith(chain: typeof quirks, events: number) {
  const store = memoryStore()
  const log = committer(store, chain)
  if (events > 0) log.commit(events)
  return { store, log }
}

/** Events as a later contract may emit them: unknown here, and as large as the network allows. */
function largeEvents(count: number, bytes: number): typeof quirks {
  const value = Buffer.alloc(bytes).toString('base64')
  const raw = quirks.events.slice(0, count).map((event) => ({ ...event.raw, value }))
  return { ...quirks, events: decoded(raw) }
}

/** How many events to commit so that the log ends inside a ledger, behind two events of it. */
function amidLedger(): number {
  const sizes = Map.groupBy(quirks.events, ({ event }) => event.ledger)
  const [first] = [...sizes.values()].find((events) => events.length > 4)!
  return quirks.events.indexOf(first!) + 2
}

const idsOf = (client: FeedClient) => client.events().map(({ id }) => id)

describe('the first frame', () => {
  test.for(['earliest', 'now', ORIGIN, quirks.events[20]!.event.id])(
    'of a subscription from %s says where it starts, and can be resumed from',
    async (cursor, context) => {
      const { store, log } = logWith(quirks, 100)
      const { feed, subscribe } = await useFeed(context, { store })
      const first = await (await subscribe({ cursor })).until(isCaughtUp)
      const [connected] = first.messages
      expect(connected).toMatchObject({
        event: 'message',
        data: {
          type: 'connected',
          clientId: 'client 1',
          cursor: connected!.id,
          head: store.coverage.checkpoint()!.cursor,
        },
      })
      const again = await (await subscribe({ cursor: connected!.id! })).until(isCaughtUp)
      log.commit(10)
      feed.wake()
      const expected = cursor === 'now' ? 10 : cursor === quirks.events[20]!.event.id ? 89 : 110
      await Promise.all([first.until(hasEvents(expected)), again.until(hasEvents(expected))])
      expect(idsOf(first)).toEqual(idsOf(again))
      expect(idsOf(first)).toHaveLength(expected)
    },
  )

  test.for<[string, Partial<EventFilter>, readonly string[]]>([
    ['everything', {}, EVENT_TYPES],
    ['one stream', { streams: ['1'] }, STREAM_TYPES],
    ['a user', { users: ['G'] }, STREAM_TYPES],
    ['some types', { types: ['unrecognised', 'stream.paused'] }, ['stream.paused', 'unrecognised']],
    [
      'some types of a stream',
      { streams: ['1'], types: ['unrecognised', 'stream.paused'] },
      ['stream.paused'],
    ],
  ])(
    'names all types that a filter for %s may bring, and the heartbeat',
    async ([, filter, types], context) => {
      const { subscribe } = await useFeed(context, { limits: { heartbeatMs: 15_000 } })
      const client = await subscribe({ filter: { ...EVERYTHING, ...filter } })
      await client.until(isCaughtUp)
      expect(client.messages[0]!.data).toMatchObject({ heartbeatSeconds: 15, types })
    },
  )

  test('tells each client a wait of its own, from one second to five', async (context) => {
    const { subscribe } = await useFeed(context)
    const clients = await Promise.all(Array.from({ length: 20 }, () => subscribe()))
    await Promise.all(clients.map((client) => client.until(isCaughtUp)))
    const retries = clients.flatMap(({ retries }) => retries)
    expect(retries).toHaveLength(20)
    expect(new Set(retries).size).toBeGreaterThan(10)
    expect(Math.min(...retries)).toBeGreaterThanOrEqual(1_000)
    expect(Math.max(...retries)).toBeLessThanOrEqual(5_000)
  })

  test('from the earliest of an empty log is no old position, however soon the log begins', async (context) => {
    const { store, log } = logWith(quirks, 0)
    const { feed, subscribe } = await useFeed(context, { store })
    const client = await subscribe({ cursor: 'earliest' })
    log.commit(5)
    // Sooner than the feed has had a turn to find that there is nothing to replay.
    feed.wake()
    await client.until(hasEvents(5))
    expect(client.named('reset')).toEqual([])
  })

  test('comes before anything is indexed too, and its id loses nothing', async (context) => {
    const { store, log } = logWith(quirks, 0)
    const { feed, subscribe } = await useFeed(context, { store })
    const early = await (await subscribe({ cursor: 'earliest' })).until(isCaughtUp)
    log.commit(5)
    feed.wake()
    const late = await subscribe({ cursor: early.messages[0]!.id! })
    await Promise.all([early.until(hasEvents(5)), late.until(hasEvents(5))])
    expect(idsOf(late)).toEqual(idsOf(early))
    expect(early.named('reset')).toEqual([])
  })
})

describe('every block', () => {
  test('is event, data, id in that order, with line feeds alone', async (context) => {
    const { store, log } = logWith(firstSteps, 9)
    const { feed, subscribe } = await useFeed(context, { store })
    const client = await (await subscribe({ cursor: 'earliest' })).until(isCaughtUp)
    log.rest()
    feed.wake()
    await client.until(hasEvents(firstSteps.events.length))
    await feed.close(0)
    await client.until(({ ended }) => ended)
    const blocks = client.body.split('\n\n')
    expect(blocks.pop()).toBe('')
    expect(blocks.shift()).toMatch(/^retry: \d{4}\ndata: \{.*\}\nid: [\d-]{30}$/)
    expect(blocks.pop()).toMatch(/^retry: \d{4}\nevent: reconnect\ndata: \{.*\}$/)
    expect(blocks).toHaveLength(firstSteps.events.length + 1)
    for (const block of blocks)
      expect(block).toMatch(/^event: [\w.]+\ndata: \{.*\}\nid: [\d-]{30}$/)
    expect(client.body).not.toContain('\r')
    for (const { id, data } of client.events()) expect(data['id']).toBe(id)
  })

  test('is the event as the REST log has it', async (context) => {
    const { store } = logWith(quirks, quirks.events.length)
    const { subscribe } = await useFeed(context, { store })
    const client = await (await subscribe({ cursor: 'earliest' })).until(isCaughtUp)
    expect(client.events().map(({ event, id, text }) => ({ type: event, id, data: text }))).toEqual(
      logOf(store).map(({ type, id, data }) => ({ type, id, data })),
    )
  })
})

describe('caught_up', () => {
  test('comes once, between the replay and what is live', async (context) => {
    const { store, log } = logWith(quirks, 200)
    const { feed, subscribe } = await useFeed(context, { store })
    const client = await (await subscribe({ cursor: 'earliest' })).until(isCaughtUp)
    const { cursor } = store.coverage.checkpoint()!
    log.commit(100)
    feed.wake()
    await client.until(hasEvents(300))
    const names = client.names()
    expect(names.indexOf('caught_up')).toBe(201)
    expect(client.named('caught_up')).toMatchObject([
      { id: cursor, data: { cursor, ledger: ledgerOf(cursor) } },
    ])
  })

  test('comes at once where there is nothing to replay', async (context) => {
    const { store } = logWith(quirks, 50)
    const { subscribe } = await useFeed(context, { store })
    const client = await (await subscribe({ filter: QUIET })).until(isCaughtUp)
    expect(client.names()).toEqual(['message', 'caught_up'])
  })
})

describe('a position that cannot be honoured', () => {
  test('is answered with a reset: older than the log', async (context) => {
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

  test('is answered with a reset: ahead of the network itself', async (context) => {
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

  test('is judged only once the network has been heard of', async (context) => {
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

  test('is waited for where another replica has merely come further', async (context) => {
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

describe('a gap', () => {
  /** Commits some events, loses the ledgers up to a later event's, and goes on behind it. */
  function withGap(before: number, beyond: number) {
    const { store, log } = logWith(quirks, before)
    const first = completeThrough(store.coverage.checkpoint()!.cursor) + 1
    const to = quirks.events[beyond]!.event.ledger - 1
    return { store, log, first, to, ledgers: to - first + 1, end: endOfLedger(to) }
  }

  test('is told to those who are live when it is declared', async (context) => {
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

  test('is told in its place to those who replay across it, once', async (context) => {
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

  test('that begins inside a ledger hides nothing of what was seen of the ledger', async (context) => {
    const cut = amidLedger()
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

  test('is told to those whose socket was full when they came to it', async (context) => {
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

  test('that is filled later is told to those beyond it, and to nobody before it', async (context) => {
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

describe('those who catch up', () => {
  test('have a share of their own, until they have caught up or gone', async (context) => {
    const { store } = logWith(quirks, 200)
    const { feed, subscribe } = await useFeed(context, { store, limits: { maxReplaying: 2 } })
    const holder = { address: 'elsewhere', user: undefined }
    const first = await subscribe({ cursor: 'earliest' })
    // Each as if its buffers were full: it stays behind.
    first.served.cork()
    const second = await subscribe({ cursor: 'earliest' })
    second.served.cork()
    expect(feed.refusal(holder, 'earliest')).toBe('replaying')
    expect(feed.refusal(holder, quirks.events[3]!.event.id)).toBe('replaying')
    expect(feed.refusal(holder, 'now')).toBeUndefined()
    expect(feed.refusal(holder, store.coverage.checkpoint()!.cursor)).toBeUndefined()
    first.served.uncork()
    await first.until(isCaughtUp)
    expect(feed.refusal(holder, 'earliest')).toBeUndefined()
    await subscribe({ cursor: 'earliest' })
    expect(feed.refusal(holder, 'earliest')).toBe('replaying')
    second.socket.destroy()
    await eventually(() => feed.refusal(holder, 'earliest') === undefined)
  })

  test('with the same filter read the newest page once, wherever in it they come back', async (context) => {
    const { store } = logWith(quirks, 100)
    const { feed, subscribe } = await useFeed(context, { store })
    const log = logOf(store)
    const anchor = await (await subscribe({ cursor: 'earliest' })).until(isCaughtUp)
    const before = feed.counters().pulls - feed.counters().pulledFromCache
    const back = await Promise.all(log.slice(0, 40).map(({ id }) => subscribe({ cursor: id })))
    await Promise.all(back.map((client) => client.until(isCaughtUp)))
    const { pulls, pulledFromCache, replayed } = feed.counters()
    expect(pulls - pulledFromCache).toBe(before)
    expect(replayed).toBe(40 * 100 - (40 * 41) / 2 + 100)
    for (const [at, client] of back.entries()) {
      expect(idsOf(client)).toEqual(log.slice(at + 1).map(({ id }) => id))
    }
    expect(idsOf(anchor)).toHaveLength(100)
  })
})

test('a burst of five thousand events in one commit drops nobody who reads', async (context) => {
  const busy = chainOf(await loadRecording('busy'), 5_001)
  const { log, store } = logWith(busy, 1)
  const { feed, subscribe } = await useFeed(context, { store, limits: { stallTimeoutMs: 15_000 } })
  const clients = await Promise.all(Array.from({ length: 5 }, () => subscribe()))
  await Promise.all(clients.map((client) => client.until(isCaughtUp)))
  log.rest()
  feed.wake()
  await Promise.all(clients.map((client) => client.until(hasEvents(5_000))))
  const expected = logOf(store)
    .slice(1)
    .map(({ id }) => id)
  for (const client of clients) expect(idsOf(client)).toEqual(expected)
  await eventually(() => feed.stats().live === 5)
  expect(feed.stats().eventsPerSecond).toBeGreaterThan(0)
})

test('a client that has left is sent nothing more', async (context) => {
  const { store, log } = logWith(quirks, 20)
  const { feed, subscribe } = await useFeed(context, { store })
  const left = await (await subscribe()).until(isCaughtUp)
  await (await subscribe({ filter: QUIET })).until(isCaughtUp)
  left.socket.destroy()
  await eventually(() => feed.stats().activeConnections === 1)
  log.commit(10)
  feed.wake()
  expect(feed.stats().eventsPerSecond).toBe(0)
})

test('a client that speaks HTTP/1.0 gets the same bytes without chunks', async (context) => {
  const { store, log } = logWith(firstSteps, 9)
  const { feed, subscribe } = await useFeed(context, { store })
  const clients = [
    await subscribe({ chunked: true, cursor: 'earliest', clientId: 'same' }),
    await subscribe({ chunked: false, cursor: 'earliest', clientId: 'same' }),
  ]
  await Promise.all(clients.map((client) => client.until(isCaughtUp)))
  log.rest()
  feed.wake()
  await feed.close(0)
  const [chunked, plain] = await Promise.all(clients.map((c) => c.until(({ ended }) => ended)))
  expect(plain!.body.replaceAll(/^retry: .*$/gm, '')).toBe(
    chunked!.body.replaceAll(/^retry: .*$/gm, ''),
  )
  expect(plain!.events()).toHaveLength(firstSteps.events.length)
})

test('a commit that nobody told the feed of is delivered with the next one that somebody did', async (context) => {
  const { store, log } = logWith(quirks, 20)
  const { feed, subscribe } = await useFeed(context, { store })
  const client = await (await subscribe()).until(isCaughtUp)
  log.commit(5)
  log.commit(5)
  log.commit(1)
  feed.wake()
  await client.until(hasEvents(11))
  expect(idsOf(client)).toEqual(
    logOf(store)
      .slice(20)
      .map(({ id }) => id),
  )
})

describe.concurrent('silence', () => {
  const heartbeatMs = 400

  test('is broken by a comment of two bytes that no client takes for a message', async (context) => {
    const { store } = logWith(quirks, 50)
    const { subscribe } = await useFeed(context, { store, limits: { heartbeatMs } })
    const client = await (await subscribe({ filter: QUIET })).until(isCaughtUp)
    const before = client.body
    await client.until(({ body }) => body.length >= before.length + 4)
    expect(client.body.slice(before.length)).toBe(':\n:\n')
    expect(client.names()).toEqual(['message', 'caught_up'])
  })

  test('tells how far the log has come, once a heartbeat, where nothing matched', async (context) => {
    const { store, log } = logWith(quirks, 1)
    const { feed, subscribe } = await useFeed(context, { store, limits: { heartbeatMs } })
    const client = await (await subscribe({ filter: QUIET })).until(isCaughtUp)
    const began = performance.now()
    const committing = setInterval(() => {
      log.commit(4)
      feed.wake()
    }, 20)
    await client.until((c) => c.named('cursor').length >= 2)
    clearInterval(committing)
    const elapsed = performance.now() - began
    const cursors = client.named('cursor')
    expect(cursors.length).toBeLessThanOrEqual(Math.ceil(elapsed / heartbeatMs) + 1)
    for (const { id, data } of cursors) {
      expect(data).toEqual({ cursor: id, ledger: ledgerOf(id!) })
    }
    expect(new Set(cursors.map(({ id }) => id)).size).toBe(cursors.length)
    // Now the log stands still: one more frame brings the client to its head, then comments only.
    const { cursor } = store.coverage.checkpoint()!
    await client.until(({ lastId }) => lastId === cursor)
    const { body } = client
    await client.until((c) => c.body.length >= body.length + 2)
    expect(client.body.slice(body.length)).toBe(':\n')
  })

  test('repeats no position that an event has told', async (context) => {
    const { store, log } = logWith(quirks, amidLedger() - 1)
    const { feed, subscribe } = await useFeed(context, { store, limits: { heartbeatMs } })
    const client = await (await subscribe()).until(isCaughtUp)
    log.commit(1)
    feed.wake()
    await client.until(({ body }) => body.endsWith('\n\n:\n'))
    expect(client.events()).toHaveLength(1)
    expect(client.named('cursor')).toEqual([])
  })

  test('of the log lets a quiet subscription resume from where the log is', async (context) => {
    const { store, log } = logWith(quirks, 1)
    const { feed, subscribe } = await useFeed(context, { store, limits: { heartbeatMs } })
    const quiet = await (await subscribe({ filter: QUIET })).until(isCaughtUp)
    log.commit(100)
    feed.wake()
    await quiet.until((c) => c.named('cursor').length > 0)
    const back = await (await subscribe({ cursor: quiet.lastId! })).until(isCaughtUp)
    expect(back.names()).toEqual(['message', 'caught_up'])
    expect(back.lastId).toBe(store.coverage.checkpoint()!.cursor)
  })

  test('there is none while events come', async (context) => {
    const { store, log } = logWith(quirks, 1)
    let time = 0
    let looks = 0
    const now = () => {
      looks += 1
      return time
    }
    const limits = { heartbeatMs: 1_000 }
    const { feed, subscribe } = await useFeed(context, { store, now, limits })
    const client = await (await subscribe()).until(isCaughtUp)
    for (let events = 1; events <= 5; events += 1) {
      time += 900
      log.commit(1)
      feed.wake()
      await client.until(hasEvents(events))
      const before = looks
      await eventually(() => looks > before)
    }
    expect(client.body).not.toMatch(/^:/m)
    expect(client.named('cursor')).toEqual([])
    time += 1_100
    await client.until((c) => c.named('cursor').length > 0)
  })
})

describe.concurrent('the goodbye', () => {
  test('at the maximum age is a frame and a clean end', async (context) => {
    const { feed, subscribe } = await useFeed(context, { limits: { maxAgeMs: 400 } })
    const client = await (await subscribe()).until(({ ended }) => ended)
    expect(client.complete).toBe(true)
    expect(client.messages.at(-1)).toMatchObject({
      event: 'reconnect',
      data: { reason: 'max_age' },
      id: undefined,
    })
    expect(client.retries).toHaveLength(2)
    expect(feed.stats().activeConnections).toBe(0)
  })

  test('at the maximum age comes at a different moment for each', async (context) => {
    let drawn = 0
    let time = 0
    const random = () => (drawn += 0.37) % 1
    const { feed, subscribe } = await useFeed(context, {
      limits: { maxAgeMs: 10_000 },
      random,
      now: () => time,
    })
    await Promise.all(Array.from({ length: 10 }, () => subscribe()))
    const left: number[] = []
    for (; feed.stats().activeConnections > 0; time += 250) {
      const before = feed.stats().activeConnections
      left.push(before)
      // Past the youngest age somebody leaves at least at every other step.
      if (time % 500 === 0 && time >= 8_500) {
        await eventually(() => feed.stats().activeConnections < before)
      }
    }
    expect(time).toBeLessThanOrEqual(10_500)
    expect(new Set(left).size).toBeGreaterThan(3)
  })

  test('at shutdown is a frame and a clean end, spread over the time there is', async (context) => {
    const pauses: number[] = []
    const open: number[] = []
    const sleep = (milliseconds: number) => {
      pauses.push(milliseconds)
      open.push(feed.stats().activeConnections)
      return Promise.resolve()
    }
    const { feed, subscribe } = await useFeed(context, { sleep })
    const clients = await Promise.all(Array.from({ length: 90 }, () => subscribe()))
    await Promise.all(clients.map((client) => client.until(isCaughtUp)))
    await feed.close(600)
    await Promise.all(clients.map((client) => client.until(({ ended }) => ended)))
    for (const client of clients) {
      expect(client.complete).toBe(true)
      expect(client.messages.at(-1)).toMatchObject({
        event: 'reconnect',
        data: { reason: 'shutdown' },
      })
    }
    expect(pauses.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(600)
    expect(open).toEqual(Array.from({ length: 29 }, (_, step) => 90 - 3 * (step + 1)))
    expect(feed.refusal({ address: 'anyone', user: undefined }, 'now')).toBe('closing')
    expect(feed.stats().activeConnections).toBe(0)
  })

  test('goes to a client that never reads too, whose socket is closed soon after', async (context) => {
    const { log, store } = logWith(lively, 1)
    const { feed, subscribe } = await useFeed(context, { store, transport: 'pipe' })
    const client = await subscribe({ cursor: 'earliest' })
    client.socket.pause()
    log.rest()
    feed.wake()
    await eventually(() => feed.stats().stalled === 1)
    await feed.close(0)
    await eventually(() => client.served.destroyed)
  })
})

describe.concurrent('a client that does not read', () => {
  test('costs no queue, slows nobody, and is closed after the stall time-out', async (context) => {
    const { log, store } = logWith(lively, 1)
    const limits = { stallTimeoutMs: 500 }
    const { feed, subscribe } = await useFeed(context, { store, transport: 'pipe', limits })
    const deaf = await subscribe({ cursor: 'earliest' })
    await deaf.until(isCaughtUp)
    const healthy = await (await subscribe({ cursor: 'earliest' })).until(isCaughtUp)
    deaf.socket.pause()
    let most = 0
    let stalled = false
    while (log.left() > 0) {
      const expected = lively.events.length - log.left() + Math.min(log.left(), 20)
      log.commit(20)
      feed.wake()
      // Nobody else waits for it: what was committed arrives before the next commit.
      await healthy.until(hasEvents(expected))
      most = Math.max(most, deaf.served.writableLength)
      stalled ||= feed.stats().stalled === 1
    }
    expect(stalled).toBe(true)
    expect(most).toBeLessThan(160_000)
    await eventually(() => feed.stats().activeConnections === 1)
    expect(deaf.served.destroyed).toBe(true)
    expect(feed.stats().stalled).toBe(0)
    expect(idsOf(healthy)).toEqual(logOf(store).map(({ id }) => id))
  })

  test('and then does gets everything, and is live again for good', async (context) => {
    const { log, store } = logWith(lively, 1)
    const { feed, subscribe } = await useFeed(context, {
      store,
      transport: 'pipe',
      limits: { stallTimeoutMs: 2_000 },
    })
    const client = await (await subscribe({ cursor: 'earliest' })).until(isCaughtUp)
    client.socket.pause()
    while (log.left() > 100) {
      log.commit(50)
      feed.wake()
    }
    await eventually(() => feed.stats().stalled === 1)
    client.socket.resume()
    await eventually(() => feed.stats().live === 1)
    log.rest()
    feed.wake()
    await client.until(hasEvents(lively.events.length))
    expect(idsOf(client)).toEqual(logOf(store).map(({ id }) => id))
    expect(client.named('caught_up')).toHaveLength(1)
    // It has read everything: silence from now on is no stall.
    const since = performance.now()
    await eventually(() => client.ended || performance.now() - since > 3_000)
    expect(client.ended).toBe(false)
  })

  test('costs no queue in a replay either', async (context) => {
    const { store } = logWith(lively, lively.events.length)
    const { feed, subscribe } = await useFeed(context, { store, transport: 'pipe' })
    const client = await subscribe({ cursor: 'earliest' })
    client.socket.pause()
    await eventually(() => feed.stats().stalled === 1)
    expect(client.served.writableLength).toBeLessThan(160_000)
    client.socket.resume()
    await client.until(isCaughtUp)
    expect(idsOf(client)).toEqual(logOf(store).map(({ id }) => id))
  })

  test('is not closed while it makes progress, however slow', async (context) => {
    // One page of the feed's is far more than the client takes in the time allowed.
    const store = memoryStore()
    const log = committer(store, largeEvents(120, 12_000))
    log.rest()
    const limits = { stallTimeoutMs: 1_500 }
    const { feed, subscribe } = await useFeed(context, { store, transport: 'pipe', limits })
    const client = await subscribe({ cursor: 'earliest' })
    const slow = (text: string) => {
      client.socket.pause()
      setTimeout(() => client.socket.resume(), text.length / 500)
    }
    client.socket.on('data', slow)
    await eventually(() => feed.stats().stalled === 1)
    const began = performance.now()
    await eventually(() => client.ended || feed.stats().stalled === 0)
    expect(performance.now() - began).toBeGreaterThan(2 * limits.stallTimeoutMs)
    client.socket.off('data', slow)
    await client.until(hasEvents(120))
    expect(idsOf(client)).toEqual(logOf(store).map(({ id }) => id))
  })

  test('is told of a gap that was filled behind it when it reads again', async (context) => {
    const { store, log } = logWith(lively, 20)
    const first = completeThrough(store.coverage.checkpoint()!.cursor) + 1
    const to = first + 20
    log.lose(21)
    const { feed, subscribe } = await useFeed(context, { store, transport: 'pipe' })
    const client = await (await subscribe()).until(isCaughtUp)
    client.socket.pause()
    log.rest()
    feed.wake()
    await eventually(() => feed.stats().stalled === 1)
    const events = lively.events.filter(({ event }) => event.ledger >= first && event.ledger <= to)
    const tip = { ledger: lively.lastLedger, closedAt: undefined }
    const cursor = endOfLedger(to)
    store.writer.apply({ events, cursor, scannedFrom: first, closedAt: undefined, tip })
    feed.wake()
    client.socket.resume()
    await eventually(() => feed.stats().live === 1)
    const { id } = logOf(store).at(-1)!
    await client.until((c) => c.events().at(-1)?.id === id)
    expect(client.named('reset')).toMatchObject([{ data: { reason: 'gap' } }])
    const expected = logOf(store).filter((entry) => entry.id > cursor)
    expect(idsOf(client)).toEqual(expected.map((entry) => entry.id))
  })
})
