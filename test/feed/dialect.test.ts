import { expect, test } from 'vitest'
import type { Dialect } from '../../src/feed/dialect.ts'
import { AROUND } from '../../src/feed/frame.ts'
import { hasEvents, idsOf, isCaughtUp } from '../support/feed/client.ts'
import { chainOf, logOf, logWith } from '../support/feed/log.ts'
import { useFeed } from '../support/feed/sockets.ts'
import { loadRecording } from '../support/recordings.ts'

const quirks = chainOf(await loadRecording('quirks'))

test('P7: subscriptions of another dialect share its bytes, and the others keep theirs', async (context) => {
  const { store, log } = logWith(quirks, 20)
  const { feed, subscribe } = await useFeed(context, { store })
  const encoded: string[] = []
  const loud: Dialect = {
    name: 'loud',
    nameOf: (type) => type.toUpperCase(),
    eventBlock({ id, type }) {
      encoded.push(id)
      return `${AROUND[0]}${type}${AROUND[1]}{"loud":"${id}"}${AROUND[2]}${id}${AROUND[3]}`
    },
  }
  const ours = await subscribe()
  const theirs = await Promise.all(Array.from({ length: 5 }, () => subscribe({ dialect: loud })))
  for (const client of [ours, ...theirs]) await client.until(isCaughtUp)
  expect(theirs[0]!.messages[0]!.data['types']).toContain('STREAM.CREATED')
  log.commit(10)
  feed.wake()
  const added = logOf(store).slice(20)
  for (const client of [ours, ...theirs]) {
    await client.until(hasEvents(added.length))
    expect(idsOf(client)).toEqual(added.map(({ id }) => id))
  }
  expect(encoded).toEqual(added.map(({ id }) => id))
  expect(ours.events().map(({ text }) => text)).toEqual(added.map(({ data }) => data))
  expect(theirs.map((client) => client.events()[0]!.data)).toEqual(
    theirs.map(() => ({ loud: added[0]!.id })),
  )
})

test('P6: a replay is in the dialect of its subscription', async (context) => {
  const { store } = logWith(quirks, 50)
  const { subscribe } = await useFeed(context, { store })
  const short: Dialect = {
    name: 'short',
    nameOf: (type) => type,
    eventBlock: ({ id, type }) => `event: ${type}\ndata: {}\nid: ${id}\n\n`,
  }
  const cursor = 'earliest'
  const [ours, theirs] = [await subscribe({ cursor }), await subscribe({ cursor, dialect: short })]
  for (const client of [ours, theirs]) await client.until(isCaughtUp)
  expect(idsOf(theirs)).toEqual(idsOf(ours))
  expect(theirs.events().every(({ text }) => text === '{}')).toBe(true)
  expect(ours.events().map(({ text }) => text)).toEqual(logOf(store).map(({ data }) => data))
})
