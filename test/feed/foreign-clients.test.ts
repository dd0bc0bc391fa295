import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { EVENT_TYPES } from '../../src/domain/event.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { FOREIGN_CLIENTS } from '../support/feed/foreign.ts'
import type { ForeignClient, Heard } from '../support/feed/foreign.ts'
import { cutAfter, cutBehind, cutLive, startProxy } from '../support/proxy.ts'
import type { Cut } from '../support/proxy.ts'
import { until } from '../support/until.ts'

const reconnectMs = { from: 20, to: 60 }
const EVERYTHING = '/events/subscribe?all=true&cursor=earliest'

beforeAll(() => {
  // One of the five was written for browsers and asks whether its page is visible.
  vi.stubGlobal('window', globalThis)
  vi.stubGlobal('document', new EventTarget())
})
afterAll(() => vi.unstubAllGlobals())

interface Reading {
  heard: Heard[]
  stop(): void
}

function read(client: ForeignClient, { url }: { url: string }): Reading {
  const heard: Heard[] = []
  const stop = client.read(`${url}${EVERYTHING}`, EVENT_TYPES, (event) => heard.push(event))
  return { heard, stop }
}

/** Settles when the client has heard the log's last event, or has heard too much. */
async function hasHeardAll({ heard }: Reading, daemon: FeedDaemon): Promise<void> {
  const log = daemon.log()
  const last = log.at(-1)!.id
  await until(() => heard.at(-1)?.id === last || heard.length > log.length)
}

function expectTheLog({ heard }: Reading, daemon: FeedDaemon): void {
  expect(heard.map(({ id }) => id)).toEqual(daemon.log().map(({ id }) => id))
  expect(heard).toEqual(daemon.log().map(({ id, type, data }) => ({ id, type, data })))
}

/**
 * One connection after the other is cut at the next of these places. The first tells the client how
 * soon to come back; until then it waits for as long as its author thought right.
 */
const IN_THE_REPLAY: readonly Cut[] = [
  cutBehind('event: ', 3, 4),
  cutBehind('HTTP/1.1', 1, 4),
  cutBehind('retry: ', 1, 2),
  cutBehind('id: ', 1, 29),
  cutBehind('data: ', 4, 0),
  cutBehind('data: ', 4, 40, 'reset'),
  cutBehind('id: ', 5, -4),
  cutBehind('id: ', 5, 0),
  cutBehind('id: ', 5, 12),
  cutBehind('id: ', 5, 30),
  cutBehind('id: ', 5, 32, 'reset'),
]
const LIVE: readonly Cut[] = [
  cutLive('event: ', 1, -3),
  cutLive('data: ', 2, 100),
  cutLive('id: ', 1, -4, 'reset'),
  cutLive('id: ', 2, 12),
  cutLive('id: ', 3, 30),
  cutLive('id: ', 1, 32),
]

/** The id's line has come, the blank line behind it has not. */
const AT_THE_LAST_BYTE: readonly Cut[] = [
  cutBehind('id: ', 3, 31),
  cutBehind('id: ', 5, 31, 'reset'),
]

describe.concurrent.for(FOREIGN_CLIENTS)('$name', (client) => {
  test('hears every event once, in order, however frames are torn', async ({ onTestFinished }) => {
    const daemon = await startFeedDaemon({ closed: 40, reconnectMs })
    onTestFinished(() => daemon.close())
    await daemon.indexed()
    const last = client.takesIdEarly ? [] : AT_THE_LAST_BYTE
    const proxy = await startProxy(daemon.url, [...IN_THE_REPLAY, ...last, ...LIVE])
    onTestFinished(() => proxy.close())
    const reading = read(client, proxy)
    onTestFinished(() => reading.stop())

    await hasHeardAll(reading, daemon)
    expect(proxy.cutsLeft()).toBe(LIVE.length)
    while (proxy.cutsLeft() > 0) {
      daemon.simulator.closeNext(12)
      await daemon.indexed()
      await hasHeardAll(reading, daemon)
    }
    expect(proxy.cutsLeft()).toBe(0)
    expectTheLog(reading, daemon)
  })
})

describe.concurrent('a long replay', () => {
  let daemon: FeedDaemon
  beforeAll(async () => {
    daemon = await startFeedDaemon({ recording: 'busy', closed: 100, reconnectMs })
    await daemon.indexed()
  })
  afterAll(() => daemon.close())

  test.for(FOREIGN_CLIENTS)(
    'that is cut again and again is heard whole, each event once, in order: $name',
    async (client, { onTestFinished }) => {
      const cuts = [300_000, 1_000_000, 65_536, 500_001, 131_077]
      const plan = cuts.map((bytes, number) => cutAfter(bytes, number % 2 === 0 ? 'end' : 'reset'))
      const proxy = await startProxy(daemon.url, plan)
      onTestFinished(() => proxy.close())
      const reading = read(client, proxy)
      onTestFinished(() => reading.stop())
      await hasHeardAll(reading, daemon)
      expect(proxy.connections()).toBe(cuts.length + 1)
      expectTheLog(reading, daemon)
    },
  )
})

describe.concurrent('the end at the maximum age', () => {
  test.for(FOREIGN_CLIENTS.filter(({ survivesCleanEnd }) => survivesCleanEnd))(
    'brings $name back by itself, and nothing is heard twice',
    async (client, { onTestFinished }) => {
      const env = { MAX_AGE_SECONDS: '1' }
      const daemon = await startFeedDaemon({ closed: 40, env, reconnectMs })
      onTestFinished(() => daemon.close())
      await daemon.indexed()
      const proxy = await startProxy(daemon.url)
      onTestFinished(() => proxy.close())
      const reading = read(client, proxy)
      onTestFinished(() => reading.stop())
      await until(() => proxy.connections() > 1)
      daemon.simulator.closeNext(1_000)
      await daemon.indexed()
      await hasHeardAll(reading, daemon)
      expectTheLog(reading, daemon)
    },
  )
})
