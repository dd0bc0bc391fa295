import { describe, expect, test } from 'vitest'
import { ledgerOf } from '../../src/domain/cursor.ts'
import { hasEvents, isCaughtUp } from '../support/feed/client.ts'
import { amidLedger, chainOf, logWith, QUIET } from '../support/feed/log.ts'
import { eventually, useFeed } from '../support/feed/sockets.ts'
import { loadRecording } from '../support/recordings.ts'

const quirks = chainOf(await loadRecording('quirks'))

describe.concurrent('the heartbeat', () => {
  const heartbeatMs = 400

  test('a silent subscription gets a comment of two bytes that no client takes for a message', async (context) => {
    const { store } = logWith(quirks, 50)
    const { subscribe } = await useFeed(context, { store, limits: { heartbeatMs } })
    const client = await (await subscribe({ filter: QUIET })).until(isCaughtUp)
    const before = client.body
    await client.until(({ body }) => body.length >= before.length + 4)
    expect(client.body.slice(before.length)).toBe(':\n:\n')
    expect(client.names()).toEqual(['message', 'caught_up'])
  })

  test('a subscription that nothing matches gets its new position, at most once per heartbeat', async (context) => {
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
    // The log stands still: one more frame brings the client to the head, then only comments.
    const { cursor } = store.coverage.checkpoint()!
    await client.until(({ lastId }) => lastId === cursor)
    const { body } = client
    await client.until((c) => c.body.length >= body.length + 2)
    expect(client.body.slice(body.length)).toBe(':\n')
  })

  test('a position that the client has from an event is not sent again', async (context) => {
    const { store, log } = logWith(quirks, amidLedger(quirks) - 1)
    const { feed, subscribe } = await useFeed(context, { store, limits: { heartbeatMs } })
    const client = await (await subscribe()).until(isCaughtUp)
    log.commit(1)
    feed.wake()
    await client.until(({ body }) => body.endsWith('\n\n:\n'))
    expect(client.events()).toHaveLength(1)
    expect(client.named('cursor')).toEqual([])
  })

  test('a quiet subscription can resume from the head of the log', async (context) => {
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
