import { expect, test } from 'vitest'
import { hasEvents, idsOf, isCaughtUp } from '../support/feed/client.ts'
import { chainOf, logOf, logWith, QUIET } from '../support/feed/log.ts'
import { eventually, useFeed } from '../support/feed/sockets.ts'
import { loadRecording } from '../support/recordings.ts'

const quirks = chainOf(await loadRecording('quirks'))

test('P7: a commit without a wake-up is delivered with the next one that has it', async (context) => {
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

test('P7: a burst of five thousand events in one commit disconnects no client that reads', async (context) => {
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

test('a client that has gone is sent nothing more', async (context) => {
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
