import { createFeed } from 'flowfi-client'
import type { Feed, FeedEvent } from 'flowfi-client'
import { expect, onTestFinished, test } from 'vitest'
import { openStoreForReading } from '../../src/store/store.ts'
import { EVERYTHING } from '../../src/domain/filter.ts'
import { startBadLine } from '../support/client/bad-line.ts'
import type { BadLine, Trouble } from '../support/client/bad-line.ts'
import { environment, simulate } from '../support/daemon.ts'
import { startFeedDaemon } from '../support/feed/daemon.ts'
import type { FeedDaemon } from '../support/feed/daemon.ts'
import { launchServer, temporaryFolder } from '../support/process.ts'
import { loadRecording } from '../support/recordings.ts'
import { until } from '../support/until.ts'

/** Reads everything in the background. */
function readAll(feed: Feed): FeedEvent[] {
  const got: FeedEvent[] = []
  void (async () => {
    for await (const event of feed) got.push(event)
  })()
  onTestFinished(() => feed.close())
  return got
}

async function setUp(closed: number): Promise<{ daemon: FeedDaemon; line: BadLine }> {
  const daemon = await startFeedDaemon({ closed, env: { HEARTBEAT_SECONDS: '1' } })
  onTestFinished(() => daemon.close())
  await daemon.indexed()
  const line = await startBadLine(daemon.url)
  onTestFinished(() => line.close())
  return { daemon, line }
}

/** The first one tells the client how soon it may come back. */
const REPLAY: readonly Trouble[] = [
  { kind: 'cut', frames: 2 },
  { kind: 'answer', status: 503, headers: { 'Retry-After': '0' } },
  { kind: 'cut', frames: 0 },
  { kind: 'answer', status: 502, headers: { 'Content-Type': 'text/html' }, body: '<h1>Bad</h1>' },
  { kind: 'answer', status: 200, headers: { 'Content-Type': 'text/html' }, body: '<h1>Hi</h1>' },
  { kind: 'answer', status: 200, headers: { 'Content-Type': 'text/event-stream' } },
  { kind: 'truncate', frames: 3 },
  { kind: 'damage', frames: 3 },
  { kind: 'stall', frames: 4 },
  { kind: 'cut', frames: 7 },
]
const LIVE: readonly Trouble[] = [
  { kind: 'damage', frames: 2 },
  { kind: 'truncate', frames: 2 },
  { kind: 'cut', frames: 3 },
  { kind: 'repeat', frames: 3 },
]

test('P6: every event comes once and in order over a line that cuts, truncates, damages, repeats, dribbles and stalls', async () => {
  const { daemon, line } = await setUp(40)
  line.plan(...REPLAY, { kind: 'repeat', frames: 6 })
  const troubles: string[] = []
  const feed = createFeed({
    url: line.url,
    all: true,
    from: 'earliest',
    onError: ({ reason }) => troubles.push(reason),
  })
  const got = readAll(feed)
  await until(() => feed.state === 'live' && line.left() === 0)
  expect(got.map(({ id }) => id)).toEqual(daemon.log().map(({ id }) => id))
  expect(new Set(troubles)).toEqual(new Set(['unavailable', 'cut', 'unreadable', 'silent']))

  line.plan(...LIVE)
  feed.reconnectNow()
  while (line.left() > 0) {
    daemon.simulator.closeNext(5)
    await daemon.indexed()
    await until(() => got.length >= daemon.log().length)
  }
  line.plan({ kind: 'dribble' })
  feed.reconnectNow()
  daemon.simulator.closeNext(1_000)
  await daemon.indexed()
  await until(() => line.left() === 0 && got.length >= daemon.log().length)
  expect(got).toEqual(daemon.log().map(({ data }) => JSON.parse(data) as unknown))
})

test('P6: every event comes once and in order while the daemon is killed and started again', async () => {
  const recording = await loadRecording('quirks')
  const node = await simulate(recording, { speed: 0, closed: 20 })
  const databasePath = `${await temporaryFolder()}/indexer.db`
  const env = environment(recording, { rpcUrl: node.url, databasePath })
  const start = async () => launchServer(['start'], env)
  let daemon = await start()
  const line = await startBadLine(daemon.url)
  onTestFinished(() => line.close())
  const feed = createFeed({ url: line.url, all: true, from: 'earliest' })
  const got = readAll(feed)
  await until(() => got.length > 0)

  for (const ledgers of [15, 1_000]) {
    node.closeNext(ledgers)
    daemon.kill('SIGKILL')
    await daemon.ended
    await until(() => feed.state === 'reconnecting')
    daemon = await start()
    line.target(daemon.url)
    await until(() => feed.state === 'live')
  }
  const store = openStoreForReading(databasePath)
  onTestFinished(() => store.close())
  await until(() => (store.coverage.checkpoint()?.ledger ?? 0) >= node.latestLedger())
  const log = store.log.page({ filter: EVERYTHING, limit: 100_000 }).entries
  await until(() => got.length >= log.length)
  expect(got).toEqual(log.map(({ data }) => JSON.parse(data) as unknown))
})
