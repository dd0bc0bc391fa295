import { describe, expect, test } from 'vitest'
import type { TestContext } from 'vitest'
import { ledgerOf } from '../../src/domain/cursor.ts'
import type { FeedStore } from '../../src/feed/view.ts'
import { hasEvents, isCaughtUp } from '../support/feed/client.ts'
import { amidLedger, chainOf, logWith, QUIET } from '../support/feed/log.ts'
import { eventually, useFeed } from '../support/feed/sockets.ts'
import { loadRecording } from '../support/recordings.ts'

const quirks = chainOf(await loadRecording('quirks'))

describe('the heartbeat', () => {
  const heartbeatMs = 500

  /** A feed whose time only the test moves; the feed looks at it a few times each second. */
  async function inTime(context: TestContext, store: FeedStore) {
    let time = 0
    const opened = await useFeed(context, { store, now: () => time, limits: { heartbeatMs } })
    return { ...opened, pass: (milliseconds: number) => void (time += milliseconds) }
  }

  test('a silent subscription gets a comment of two bytes that no client takes for a message', async (context) => {
    const { store } = logWith(quirks, 50)
    const { subscribe, pass } = await inTime(context, store)
    const client = await (await subscribe({ filter: QUIET })).until(isCaughtUp)
    const before = client.body
    for (const comments of [':\n', ':\n:\n']) {
      pass(heartbeatMs)
      await client.until(({ body }) => body.length > before.length + comments.length - 2)
      expect(client.body.slice(before.length)).toBe(comments)
    }
    expect(client.names()).toEqual(['message', 'caught_up'])
  })

  test('a subscription that nothing matches gets its new position, at most once per heartbeat', async (context) => {
    const { store, log } = logWith(quirks, 1)
    const { feed, subscribe, pass } = await inTime(context, store)
    const client = await (await subscribe({ filter: QUIET })).until(isCaughtUp)
    for (let beats = 1; beats <= 3; beats += 1) {
      for (let commits = 0; commits < 5; commits += 1) {
        log.commit(4)
        feed.wake()
        pass(heartbeatMs / 5)
      }
      await client.until((c) => c.named('cursor').length >= beats)
      const { cursor } = store.coverage.checkpoint()!
      expect(client.named('cursor').map(({ id }) => id)).toHaveLength(beats)
      expect(client.named('cursor').at(-1)).toMatchObject({
        id: cursor,
        data: { cursor, ledger: ledgerOf(cursor) },
      })
    }
    // The log stands still: only comments.
    const { body } = client
    pass(heartbeatMs)
    await client.until((c) => c.body.length > body.length)
    expect(client.body.slice(body.length)).toBe(':\n')
  })

  test('a position that the client has from an event is not sent again', async (context) => {
    const { store, log } = logWith(quirks, amidLedger(quirks) - 1)
    const { feed, subscribe, pass } = await inTime(context, store)
    const client = await (await subscribe()).until(isCaughtUp)
    log.commit(1)
    feed.wake()
    await client.until(hasEvents(1))
    pass(heartbeatMs)
    await client.until(({ body }) => body.endsWith('\n\n:\n'))
    expect(client.events()).toHaveLength(1)
    expect(client.named('cursor')).toEqual([])
  })

  test('a quiet subscription can resume from the head of the log', async (context) => {
    const { store, log } = logWith(quirks, 1)
    const { feed, subscribe, pass } = await inTime(context, store)
    const quiet = await (await subscribe({ filter: QUIET })).until(isCaughtUp)
    log.commit(100)
    feed.wake()
    pass(heartbeatMs)
    await quiet.until((c) => c.named('cursor').length > 0)
    const back = await (await subscribe({ cursor: quiet.lastId! })).until(isCaughtUp)
    expect(back.names()).toEqual(['message', 'caught_up'])
    expect(back.lastId).toBe(store.coverage.checkpoint()!.cursor)
  })

  test('no heartbeat is sent while events come', async (context) => {
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
