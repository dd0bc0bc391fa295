import { describe, expect, test } from 'vitest'
import { completeThrough, endOfLedger } from '../../src/domain/cursor.ts'
import { hasEvents, idsOf, isCaughtUp } from '../support/feed/client.ts'
import { chainOf, committer, logOf, logWith } from '../support/feed/log.ts'
import { eventually, LIMITS, useFeed } from '../support/feed/sockets.ts'
import type { FeedSubscriber } from '../support/feed/sockets.ts'
import { decoded, loadRecording, memoryStore } from '../support/recordings.ts'

const quirks = chainOf(await loadRecording('quirks'))
const lively = chainOf(await loadRecording('lively'))

/** Events that this program does not know, and as large as the network allows. */
function largeEvents(count: number, bytes: number): typeof quirks {
  const value = Buffer.alloc(bytes).toString('base64')
  const raw = quirks.events.slice(0, count).map((event) => ({ ...event.raw, value }))
  return { ...quirks, events: decoded(raw) }
}

describe.concurrent('P7: a client that does not read', () => {
  test('a client that stops reading costs no queue and delays no other', async (context) => {
    const { log, store } = logWith(lively, 1)
    const { feed, subscribe } = await useFeed(context, { store, transport: 'pipe' })
    const deaf = await subscribe({ cursor: 'earliest' })
    await deaf.until(isCaughtUp)
    const healthy = await (await subscribe({ cursor: 'earliest' })).until(isCaughtUp)
    deaf.socket.pause()
    let most = 0
    while (log.left() > 0) {
      const expected = lively.events.length - log.left() + Math.min(log.left(), 20)
      log.commit(20)
      feed.wake()
      // No other client waits for it: each commit arrives before the next one is made.
      await healthy.until(hasEvents(expected))
      most = Math.max(most, deaf.served.writableLength)
    }
    expect(feed.stats().stalled).toBe(1)
    expect(most).toBeLessThan(160_000)
    expect(idsOf(healthy)).toEqual(logOf(store).map(({ id }) => id))
  })

  test('a client that stops reading is closed after the stall time-out', async (context) => {
    const { log, store } = logWith(lively, 1)
    const limits = { stallTimeoutMs: 500 }
    const { feed, subscribe } = await useFeed(context, { store, transport: 'pipe', limits })
    const deaf = await subscribe({ cursor: 'earliest' })
    await deaf.until(isCaughtUp)
    deaf.socket.pause()
    log.rest()
    feed.wake()
    await eventually(() => feed.stats().activeConnections === 0)
    expect(deaf.served.destroyed).toBe(true)
    expect(feed.stats().stalled).toBe(0)
  })

  test('a client that reads again gets everything, and stays live', async (context) => {
    const { log, store } = logWith(lively, 1)
    const { feed, subscribe } = await useFeed(context, { store, transport: 'pipe' })
    const client = await subscribe({ cursor: 'earliest' })
    await client.until(isCaughtUp)
    client.socket.pause()
    while (log.left() > 100) {
      log.commit(50)
      feed.wake()
    }
    await eventually(() => feed.stats().stalled === 1)
    expect(client.served.timeout).toBe(LIMITS.stallTimeoutMs)
    client.socket.resume()
    await eventually(() => feed.stats().live === 1)
    log.rest()
    feed.wake()
    await client.until(hasEvents(lively.events.length))
    expect(idsOf(client)).toEqual(logOf(store).map(({ id }) => id))
    expect(client.named('caught_up')).toHaveLength(1)
    // It has read everything: silence is no stall from now on.
    await eventually(() => client.served.timeout === 0)
  })

  test('a client that stops reading during its replay costs no queue', async (context) => {
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

  test('a slow client is not closed while it makes progress', async (context) => {
    // One page is far more than the client reads within the time-out.
    const store = memoryStore()
    const log = committer(store, largeEvents(120, 12_000))
    log.rest()
    const limits = { stallTimeoutMs: 1_500 }
    const { feed, subscribe } = await useFeed(context, { store, transport: 'pipe', limits })

    async function readSlowly(): Promise<FeedSubscriber> {
      const client = await subscribe({ cursor: 'earliest' })
      let readAt = performance.now()
      const slow = (text: string) => {
        readAt = performance.now()
        client.socket.pause()
        setTimeout(() => client.socket.resume(), text.length / 500)
      }
      client.socket.on('data', slow)
      await eventually(() => feed.stats().stalled === 1)
      const began = performance.now()
      await eventually(() => client.ended || feed.stats().stalled === 0)
      // On a busy machine this process can stand still for so long that nothing was read.
      const hasRead = performance.now() - readAt < limits.stallTimeoutMs / 2
      if (client.ended && !hasRead) return readSlowly()
      expect(client.ended).toBe(false)
      expect(performance.now() - began).toBeGreaterThan(2 * limits.stallTimeoutMs)
      client.socket.off('data', slow)
      return client
    }

    const client = await (await readSlowly()).until(hasEvents(120))
    expect(idsOf(client)).toEqual(logOf(store).map(({ id }) => id))
  })

  test('P3: a stalled client gets a reset if a gap before its position was filled meanwhile', async (context) => {
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
