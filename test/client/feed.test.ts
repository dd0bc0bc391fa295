import { createFeed } from 'flowfi-client'
import type { FeedEvent } from 'flowfi-client'
import { expect, onTestFinished, test } from 'vitest'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import { until } from '../support/until.ts'

test('P6: iteration gives every event once, in order, and goes on when it is live', async () => {
  const daemon = await startFeedDaemon({ closed: 40 })
  onTestFinished(() => daemon.close())
  await daemon.indexed()
  const states: string[] = []
  const feed = createFeed({
    url: daemon.url,
    all: true,
    from: 'earliest',
    onState: (state) => states.push(state),
  })
  onTestFinished(() => feed.close())
  const got: FeedEvent[] = []
  const over = (async () => {
    for await (const event of feed) got.push(event)
  })()

  await until(() => feed.state === 'live')
  expect(got.map(({ id }) => id)).toEqual(daemon.log().map(({ id }) => id))
  daemon.simulator.closeNext(1_000)
  await daemon.indexed()
  await until(() => got.length >= daemon.log().length)
  expect(got).toEqual(daemon.log().map(({ data }) => JSON.parse(data) as unknown))
  expect(states).toEqual(['connecting', 'catching_up', 'live'])
  expect(feed.lastEventAt).toBeGreaterThan(0)
  feed.close()
  await over
  expect(feed.state).toBe('closed')
})
