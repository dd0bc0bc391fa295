import { createFeed } from 'flowfi-client'
import type { Feed, FeedEvent, FeedOptions } from 'flowfi-client'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { hubName } from '../../client/src/feed/shared/name.ts'
import { startBadLine } from '../support/client/bad-line.ts'
import type { BadLine } from '../support/client/bad-line.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { startIssuer } from '../support/tokens.ts'
import type { Issuer } from '../support/tokens.ts'
import { until } from '../support/until.ts'

/** Node has Web Locks and channels, too: feeds of this process are like tabs without a SharedWorker. */

let issuer: Issuer
let daemon: FeedDaemon
let line: BadLine
beforeAll(async () => {
  issuer = await startIssuer()
  daemon = await startFeedDaemon({ recording: 'busy', closed: 20, env: issuer.env })
  await daemon.indexed()
  line = await startBadLine(daemon.url)
})
afterAll(async () => {
  await line.close()
  await daemon.close()
  issuer.close()
})

let feeds: Feed[] = []
afterEach(async () => {
  for (const feed of feeds) feed.close()
  feeds = []
  await until(() => line.open() === 0)
})

const everything = () => issuer.tokenOf('observer', { scope: 'events:all' })

function openTab(
  from = 'now',
  token: FeedOptions['token'] = everything,
): { feed: Feed; got: FeedEvent[]; reasons: string[] } {
  const reasons: string[] = []
  const onError = ({ reason }: { reason: string }) => reasons.push(reason)
  const feed = createFeed({ url: line.url, all: true, shared: true, from, token, onError })
  feeds.push(feed)
  const got: FeedEvent[] = []
  feed.on('event', (event) => got.push(event))
  return { feed, got, reasons }
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

async function closeLedgers(count: number): Promise<void> {
  daemon.simulator.closeNext(count)
  await daemon.indexed()
}

test('P7: a tab that does not go on reading holds up no other, and gets the rest over a line of its own', async () => {
  const [quick, slow] = [openTab(), openTab()]
  await until(() => [quick, slow].every(({ feed }) => feed.state === 'live') && line.open() === 1)
  const before = daemon.log().length
  const reading = slow.feed[Symbol.asyncIterator]()
  await closeLedgers(40)
  const live = ids(daemon.log().slice(before))
  expect(live.length).toBeGreaterThan(1_500)
  await until(() => quick.got.length === live.length)
  expect(line.open()).toBe(1)
  const got: (string | undefined)[] = []
  while (got.length < live.length) got.push((await reading.next()).value?.id)
  expect([got, ids(quick.got)]).toEqual([live, live])
  await until(() => line.open() === 1)
})

test('a token that the daemon does not accept any more is asked for again, for all tabs', async () => {
  const { 'that has expired': expired } = await issuer.bad('observer')
  let asked = 0
  const token = async () => ((asked += 1) === 1 ? expired : issuer.tokenOf('observer'))
  const tabs = [openTab('now', token), openTab('now', () => issuer.tokenOf('observer'))]
  await until(() => tabs.every(({ feed }) => feed.state === 'live') && line.open() === 1)
  expect(asked).toBeGreaterThan(0)
  expect(
    tabs.flatMap(({ reasons }) => reasons).filter((reason) => reason !== 'unauthorized'),
  ).toEqual([])
})

test('a second 401 in a row ends the shared feed of the tab whose token it is', async () => {
  const { 'that has expired': expired } = await issuer.bad('observer')
  const refused = openTab('now', expired)
  await until(() => refused.feed.state === 'failed')
  expect(refused.feed.reason).toBe('unauthorized')
  // A new token of the same user is no worse for that.
  const good = openTab('now', await issuer.tokenOf('observer'))
  await until(() => good.feed.state === 'live')
})

test('a token function that fails for a moment does not end a shared feed', async () => {
  let asked = 0
  const token = () => {
    if ((asked += 1) < 3) throw new Error('the network is down')
    return everything()
  }
  const [tab, other] = [openTab('now', token), openTab()]
  await until(() => tab.feed.state === 'reconnecting')
  expect(tab.feed.reason).toBe('token')
  tab.feed.reconnectNow()
  await until(() => [tab, other].every(({ feed }) => feed.state === 'live') && line.open() === 1)
  expect(tab.reasons).toEqual(['token'])
})

test('a tab that hears no hub uses a line of its own', async () => {
  const name = hubName({ url: line.url, all: true }, await everything())
  // Another tab is the hub, and has been frozen.
  let thaw = () => {}
  const frozen = new Promise<void>((resolve) => (thaw = resolve))
  await until(
    async () => !(await navigator.locks.query()).held!.some((held) => held.name === `${name} hub`),
  )
  void navigator.locks.request(`${name} hub`, () => frozen)
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => {
    thaw()
    vi.useRealTimers()
  })
  const tab = openTab()
  await until(() => {
    vi.advanceTimersByTime(1_000)
    return tab.feed.state === 'live'
  })
  expect(line.open()).toBe(1)
})
