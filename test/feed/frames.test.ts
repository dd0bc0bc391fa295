import { describe, expect, test } from 'vitest'
import { ledgerOf, ORIGIN } from '../../src/domain/cursor.ts'
import { EVENT_TYPES } from '../../src/domain/event.ts'
import { EVERYTHING } from '../../src/domain/filter.ts'
import type { EventFilter } from '../../src/domain/filter.ts'
import { hasEvents, idsOf, isCaughtUp } from '../support/feed/client.ts'
import { chainOf, logOf, logWith, QUIET } from '../support/feed/log.ts'
import { useFeed } from '../support/feed/sockets.ts'
import { loadRecording } from '../support/recordings.ts'

const firstSteps = chainOf(await loadRecording('first-steps'))
const quirks = chainOf(await loadRecording('quirks'))
const STREAM_TYPES = EVENT_TYPES.filter((type) => type.startsWith('stream.'))

describe('the connected frame', () => {
  test.for(['earliest', 'now', ORIGIN, quirks.events[20]!.event.id])(
    'the first frame of a subscription from %s has the start position, and a client can resume from it',
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
    'the first frame names all event types that a filter for %s can match, and the heartbeat',
    async ([, filter, types], context) => {
      const { subscribe } = await useFeed(context, { limits: { heartbeatMs: 15_000 } })
      const client = await subscribe({ filter: { ...EVERYTHING, ...filter } })
      await client.until(isCaughtUp)
      expect(client.messages[0]!.data).toMatchObject({ heartbeatSeconds: 15, types })
    },
  )

  test('each client is told its own retry delay, from one to five seconds', async (context) => {
    const { subscribe } = await useFeed(context)
    const clients = await Promise.all(Array.from({ length: 20 }, () => subscribe()))
    await Promise.all(clients.map((client) => client.until(isCaughtUp)))
    const retries = clients.flatMap(({ retries }) => retries)
    expect(retries).toHaveLength(20)
    expect(new Set(retries).size).toBeGreaterThan(10)
    expect(Math.min(...retries)).toBeGreaterThanOrEqual(1_000)
    expect(Math.max(...retries)).toBeLessThanOrEqual(5_000)
  })

  test('P6: the start of an empty log never expires, even if the log begins before the first turn', async (context) => {
    const { store, log } = logWith(quirks, 0)
    const { feed, subscribe } = await useFeed(context, { store })
    const client = await subscribe({ cursor: 'earliest' })
    log.commit(5)
    // Before the feed has had a turn to find that there is nothing to replay.
    feed.wake()
    await client.until(hasEvents(5))
    expect(client.named('reset')).toEqual([])
  })

  test('P6: a client that subscribed before anything was indexed can resume without losing events', async (context) => {
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

describe('an event frame', () => {
  test('a frame has event, data and id in that order, and no carriage returns', async (context) => {
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

  test('the data of a frame is the event as REST returns it', async (context) => {
    const { store } = logWith(quirks, quirks.events.length)
    const { subscribe } = await useFeed(context, { store })
    const client = await (await subscribe({ cursor: 'earliest' })).until(isCaughtUp)
    expect(client.events().map(({ event, id, text }) => ({ type: event, id, data: text }))).toEqual(
      logOf(store).map(({ type, id, data }) => ({ type, id, data })),
    )
  })
})

describe('caught_up', () => {
  test('caught_up is sent once, between replayed and live events', async (context) => {
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

  test('caught_up is the second frame if there is nothing to replay', async (context) => {
    const { store } = logWith(quirks, 50)
    const { subscribe } = await useFeed(context, { store })
    const client = await (await subscribe({ filter: QUIET })).until(isCaughtUp)
    expect(client.names()).toEqual(['message', 'caught_up'])
  })
})

test('an HTTP/1.0 client gets the same bytes without chunks', async (context) => {
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
