import { describe, expect, test } from 'vitest'
import { EVERYTHING } from '../../src/domain/filter.ts'
import { mergePages } from '../../src/feed/listing.ts'
import type { ListedSubscription, ListQuery, Operation } from '../../src/feed/operation.ts'
import { hasEvents, idsOf, isCaughtUp } from '../support/feed/client.ts'
import { chainOf, logOf, logWith } from '../support/feed/log.ts'
import { eventually, useFeed } from '../support/feed/sockets.ts'
import { loadRecording } from '../support/recordings.ts'

const lively = chainOf(await loadRecording('lively'))
const announce = (message: string): Operation => ({
  kind: 'announce',
  announcement: { message, level: 'info', at: '2026-01-01T00:00:00Z' },
})

describe.concurrent('operators', () => {
  test('P7: an announcement costs a client that does not read no queue, and comes when it reads again', async (context) => {
    const { log, store } = logWith(lively, 1)
    const { feed, subscribe } = await useFeed(context, { store, transport: 'pipe' })
    const client = await subscribe({ cursor: 'earliest' })
    await client.until(isCaughtUp)
    client.socket.pause()
    log.rest()
    feed.wake()
    await eventually(() => feed.stats().stalled === 1)
    const queued = client.served.writableLength
    for (const message of ['one', 'two']) {
      expect(await feed.operate(announce(message))).toMatchObject({ count: 1 })
    }
    expect(client.served.writableLength).toBe(queued)
    client.socket.resume()
    await client.until(hasEvents(lively.events.length))
    await client.until((each) => each.named('announcement').length >= 2)
    expect(client.named('announcement').map(({ data }) => data['message'])).toEqual(['one', 'two'])
    expect(idsOf(client)).toEqual(logOf(store).map(({ id }) => id))
  })

  test('P6: announcements during replays leave no event out', async (context) => {
    const { store } = logWith(lively, lively.events.length)
    const { feed, subscribe } = await useFeed(context, { store, limits: { writesPerTurn: 2 } })
    const clients = await Promise.all(
      Array.from({ length: 7 }, () => subscribe({ cursor: 'earliest' })),
    )
    const counts: number[] = []
    while (feed.stats().replaying > 0) counts.push((await feed.operate(announce('now'))).count)
    const ids = logOf(store).map(({ id }) => id)
    for (const client of clients) {
      await client.until(isCaughtUp)
      expect(idsOf(client)).toEqual(ids)
      expect(client.lastId! >= ids.at(-1)!).toBe(true)
    }
    expect(new Set(counts)).toEqual(new Set([7]))
  })

  test('a subscription that is behind is listed with its position, mode and lag', async (context) => {
    const { log, store } = logWith(lively, 1)
    const { feed, subscribe } = await useFeed(context, { store, transport: 'pipe' })
    const client = await subscribe({ cursor: 'earliest' })
    await client.until(isCaughtUp)
    const show = async () => {
      const { page } = await feed.operate({ kind: 'list', query: { limit: 10 } })
      return page.listed[0]!
    }
    const { cursor } = await show()
    expect(await show()).toMatchObject({ mode: 'live', lagLedgers: 0, cursor: client.lastId })
    client.socket.pause()
    log.rest()
    feed.wake()
    await eventually(() => feed.stats().stalled === 1)
    const behind = await show()
    expect(behind.mode).toBe('stalled')
    expect(behind.lagLedgers).toBeGreaterThan(0)
    expect(behind.lagLedgers).toBeLessThanOrEqual(lively.lastLedger - lively.firstLedger)
    expect(behind.cursor > cursor).toBe(true)
  })

  test('the pages of several processes become pages of all, each subscription once', async (context) => {
    const processes = await Promise.all([1, 2, 3].map(() => useFeed(context)))
    // The names are drawn so that the processes' lists interleave.
    for (let name = 0; name < 40; name += 1) {
      const { subscribe } = processes[(name * 7 + Math.floor(name / 5)) % 3]!
      await subscribe({ clientId: `client ${(name * 17) % 40}` })
    }
    // Filters so long that pages end early.
    const streams = Array.from({ length: 9_999 }, (_, id) => String(id))
    for (const [at, { subscribe }] of processes.entries()) {
      await subscribe({ clientId: `long ${at}`, filter: { ...EVERYTHING, streams } })
    }

    const pageOf = async (query: ListQuery) => {
      const outcomes = processes.map(({ feed }) => feed.operate({ kind: 'list', query }))
      return mergePages(
        (await Promise.all(outcomes)).map(({ page }) => page),
        query.limit,
      )
    }
    for (const limit of [1, 4, 11, 1_000]) {
      const found: ListedSubscription[] = []
      let hasMore = true
      while (hasMore) {
        const page = await pageOf({ limit, after: found.at(-1) })
        expect(page.listed.length).toBeLessThanOrEqual(limit)
        expect(page.listed.length).toBeGreaterThan(0)
        found.push(...page.listed)
        ;({ hasMore } = page)
      }
      const keys = found.map(({ openedAt, clientId }) => `${openedAt} ${clientId}`)
      expect(keys).toEqual(keys.toSorted())
      expect(new Set(keys).size).toBe(43)
      expect(found).toHaveLength(43)
    }
  })
})
