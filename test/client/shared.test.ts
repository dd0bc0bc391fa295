import { createFeed } from 'flowfi-client'
import type { Feed, FeedEvent } from 'flowfi-client'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startBadLine } from '../support/client/bad-line.ts'
import type { BadLine } from '../support/client/bad-line.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { until } from '../support/until.ts'

/** Node has Web Locks and channels, too: feeds of this process are like tabs without a SharedWorker. */

let daemon: FeedDaemon
let line: BadLine
beforeAll(async () => {
  daemon = await startFeedDaemon({ closed: 20 })
  await daemon.indexed()
  line = await startBadLine(daemon.url)
})
afterAll(async () => {
  await line.close()
  await daemon.close()
})

function openTab(from = 'now'): { feed: Feed; got: FeedEvent[] } {
  const feed = createFeed({ url: line.url, all: true, shared: true, from })
  onTestFinished(() => feed.close())
  const got: FeedEvent[] = []
  feed.on('event', (event) => got.push(event))
  return { feed, got }
}

const ids = (events: readonly { id: string }[]) => events.map(({ id }) => id)

test('P6: tabs share one connection, and the others go on when the tab that had it is closed', async () => {
  const before = daemon.log().length
  const [first, second, third] = [openTab(), openTab(), openTab('earliest')]
  await until(() => [first, second, third].every(({ feed }) => feed.state === 'live'))
  await until(() => line.open() === 1)
  daemon.simulator.closeNext(10)
  await daemon.indexed()
  const live = () => ids(daemon.log().slice(before))
  await until(() => [first, second].every(({ got }) => got.length === live().length))
  await until(() => third.got.length === daemon.log().length)
  expect([ids(first.got), ids(second.got)]).toEqual([live(), live()])

  first.feed.close()
  daemon.simulator.closeNext(10)
  await daemon.indexed()
  await until(() => third.got.length === daemon.log().length)
  await until(() => second.got.length === live().length)
  await until(() => line.open() === 1)
  expect(ids(second.got)).toEqual(live())
  expect(ids(third.got)).toEqual(ids(daemon.log()))
})

test('P6: a shared line that is cut goes on where it was, for all tabs', async () => {
  const tabs = [openTab(), openTab()]
  const before = daemon.log().length
  await until(() => tabs.every(({ feed }) => feed.state === 'live') && line.open() === 1)
  line.plan({ kind: 'cut', frames: 3 })
  tabs[1]?.feed.reconnectNow()
  daemon.simulator.closeNext(10)
  await daemon.indexed()
  const live = ids(daemon.log().slice(before))
  await until(() => line.left() === 0 && tabs.every(({ got }) => got.length >= live.length))
  expect(tabs.map(({ got }) => ids(got))).toEqual([live, live])
  for (const { feed } of tabs) feed.close()
  await until(() => line.open() === 0)
})
