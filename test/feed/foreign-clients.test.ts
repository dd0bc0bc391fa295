import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { EVENT_TYPES } from '../../src/domain/event.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { FOREIGN_CLIENTS } from '../support/feed/foreign.ts'
import type { ForeignClient, Received } from '../support/feed/foreign.ts'
import { cutAfterBytes, cutAfterText, cutInEvent, cutLive, startProxy } from '../support/proxy.ts'
import type { Cut } from '../support/proxy.ts'
import { until } from '../support/until.ts'

const reconnectMs = { from: 20, to: 60 }
const EVERYTHING = '/events/subscribe?all=true&cursor=earliest'

beforeAll(() => {
  // One of the clients was written for browsers and asks whether its page is visible.
  vi.stubGlobal('window', globalThis)
  vi.stubGlobal('document', new EventTarget())
})
afterAll(() => vi.unstubAllGlobals())

interface Reading {
  received: Received[]
  stop(): void
}

function read(client: ForeignClient, { url }: { url: string }): Reading {
  const received: Received[] = []
  const stop = client.read(`${url}${EVERYTHING}`, EVENT_TYPES, (event) => received.push(event))
  return { received, stop }
}

/** Settles when the client has the log's last event, or more events than the log has. */
async function hasAll({ received }: Reading, daemon: FeedDaemon): Promise<void> {
  const log = daemon.log()
  const last = log.at(-1)!.id
  await until(() => received.at(-1)?.id === last || received.length > log.length)
}

function expectTheLog({ received }: Reading, daemon: FeedDaemon): void {
  expect(received.map(({ id }) => id)).toEqual(daemon.log().map(({ id }) => id))
  expect(received).toEqual(daemon.log().map(({ id, type, data }) => ({ id, type, data })))
}

/**
 * Each connection is cut at the next of these places. The first one gives the client its retry
 * delay; until then a client waits as long as its author thought right.
 */
const IN_THE_REPLAY: readonly Cut[] = [
  cutAfterText('event: ', 3, 4),
  cutAfterText('HTTP/1.1', 1, 4),
  cutAfterText('retry: ', 1, 2),
  cutAfterText('id: ', 1, 29),
  cutAfterText('data: ', 4, 0),
  cutAfterText('data: ', 4, 40, 'reset'),
  cutAfterText('id: ', 5, -4),
  cutAfterText('id: ', 5, 0),
  cutAfterText('id: ', 5, 12),
  cutAfterText('id: ', 5, 30),
  cutAfterText('id: ', 5, 32, 'reset'),
]
const LIVE: readonly Cut[] = [
  cutLive('event: ', 1, -3),
  cutLive('data: ', 2, 100),
  cutLive('id: ', 1, -4, 'reset'),
  cutLive('id: ', 2, 12),
  cutLive('id: ', 3, 30),
  cutLive('id: ', 1, 32),
]

/** After the line of the id, before the blank line that follows it. */
const AT_THE_LAST_BYTE: readonly Cut[] = [
  cutAfterText('id: ', 3, 31),
  cutAfterText('id: ', 5, 31, 'reset'),
]

describe.concurrent.for(FOREIGN_CLIENTS)('$name', (client) => {
  test('P6: the client gets every event once, in order, wherever frames are cut', async ({
    onTestFinished,
  }) => {
    const daemon = await startFeedDaemon({ closed: 40, reconnectMs })
    onTestFinished(() => daemon.close())
    await daemon.indexed()
    const last = client.takesIdEarly ? [] : AT_THE_LAST_BYTE
    const proxy = await startProxy(daemon.url, [...IN_THE_REPLAY, ...last, ...LIVE])
    onTestFinished(() => proxy.close())
    const reading = read(client, proxy)
    onTestFinished(() => reading.stop())

    await hasAll(reading, daemon)
    expect(proxy.cutsLeft()).toBe(LIVE.length)
    while (proxy.cutsLeft() > 0) {
      daemon.simulator.closeNext(12)
      await daemon.indexed()
      await hasAll(reading, daemon)
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
    'P6: a replay that is cut again and again is complete, each event once, in order: $name',
    async (client, { onTestFinished }) => {
      const cuts = [300_000, 1_000_000, 65_536, 500_001, 131_077]
      const plan = cuts.map((bytes, number) => {
        if (client.takesIdEarly) return cutInEvent(bytes)
        return cutAfterBytes(bytes, number % 2 === 0 ? 'end' : 'reset')
      })
      const proxy = await startProxy(daemon.url, plan)
      onTestFinished(() => proxy.close())
      const reading = read(client, proxy)
      onTestFinished(() => reading.stop())
      await hasAll(reading, daemon)
      expect(proxy.connections()).toBe(cuts.length + 1)
      expectTheLog(reading, daemon)
    },
  )
})

describe.concurrent('a subscription at its maximum age', () => {
  test.for(FOREIGN_CLIENTS.filter(({ survivesCleanEnd }) => survivesCleanEnd))(
    'P6: $name reconnects by itself and gets nothing twice',
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
      await hasAll(reading, daemon)
      expectTheLog(reading, daemon)
    },
  )
})
