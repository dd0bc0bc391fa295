import { describe, expect, test } from 'vitest'
import { idsOf, isCaughtUp } from '../support/feed/client.ts'
import { chainOf, logOf, logWith } from '../support/feed/log.ts'
import { eventually, useFeed } from '../support/feed/sockets.ts'
import { loadRecording } from '../support/recordings.ts'

const quirks = chainOf(await loadRecording('quirks'))

describe('replaying subscriptions', () => {
  test('P8: replaying subscriptions have a limit of their own, until they have caught up or gone', async (context) => {
    const { store } = logWith(quirks, 200)
    const { feed, subscribe } = await useFeed(context, { store, limits: { maxReplaying: 2 } })
    const holder = { address: 'elsewhere', user: undefined }
    const first = await subscribe({ cursor: 'earliest' })
    // As if its buffers were full, so that it stays in its replay.
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

  test('P7: subscriptions with the same filter share the newest page, wherever in it they start', async (context) => {
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
