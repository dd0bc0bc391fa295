import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { pino } from 'pino'
import type { TestContext } from 'vitest'
import { createFeed } from '../../../src/feed/feed.ts'
import type { Feed, FeedDeps } from '../../../src/feed/feed.ts'
import type { FeedLimits } from '../../../src/feed/limits.ts'
import type { SubscribeRequest } from '../../../src/feed/opening.ts'
import type { FeedStore } from '../../../src/feed/view.ts'
import { createFeedClient } from './client.ts'
import type { FeedClient } from './client.ts'
import { EVERYTHING } from '../../../src/domain/filter.ts'
import { memoryStore } from '../recordings.ts'
import { until } from '../until.ts'

export { until as eventually } from '../until.ts'

export const LIMITS: FeedLimits = {
  heartbeatMs: 60_000,
  maxAgeMs: 600_000,
  stallTimeoutMs: 600_000,
  maxSubscriptions: 10_000,
  maxSubscriptionsPerAddress: 10_000,
  maxSubscriptionsPerUser: 10_000,
  maxReplaying: 10_000,
}

interface Setup {
  store?: FeedStore
  limits?: Partial<FeedLimits>
  tip?: FeedDeps['tip']
  random?: () => number
  /** A Unix socket buffers at most 200 KB, TCP up to some megabytes. */
  transport?: 'tcp' | 'pipe'
  /** High-water mark of the feed's sockets, in bytes. */
  highWaterMark?: number
  slices?: FeedDeps['slices']
  now?: FeedDeps['now']
  sleep?: FeedDeps['sleep']
}

export interface FeedSubscriber extends FeedClient {
  /** The feed's end of the connection. */
  served: Socket
}

export interface FeedSetup {
  feed: Feed
  subscribe(request?: Partial<SubscribeRequest>): Promise<FeedSubscriber>
  close(): Promise<void>
}

/** A feed over a log in memory, with subscriptions on real sockets. */
export async function openFeed({
  store = memoryStore(),
  limits = {},
  tip = () => undefined,
  random,
  transport = 'tcp',
  highWaterMark,
  slices,
  now,
  sleep,
}: Setup = {}): Promise<FeedSetup> {
  const feed = createFeed({
    store,
    tip,
    limits: { ...LIMITS, ...limits },
    logger: pino({ level: 'silent' }),
    ...(random && { random }),
    ...(slices && { slices }),
    ...(now && { now }),
    ...(sleep && { sleep }),
  })
  const server = createServer({ noDelay: true, ...(highWaterMark && { highWaterMark }) })
  const folder = transport === 'pipe' ? await mkdtemp(join(tmpdir(), 'feed-')) : undefined
  server.listen(folder === undefined ? { port: 0, host: '127.0.0.1' } : join(folder, 'feed'))
  await once(server, 'listening')
  const clients = new Set<Socket>()
  let names = 0
  let previous: Promise<unknown> = Promise.resolve()

  async function accept(client: Socket): Promise<Socket> {
    const [served] = (await once(server, 'connection')) as [Socket]
    // As an HTTP server does: a reset is ignored, and a time-out closes the socket.
    served.on('error', () => {})
    served.on('timeout', () => served.destroy())
    served.resume()
    if (client.connecting) await once(client, 'connect')
    return served
  }

  return {
    feed,
    async subscribe(request = {}) {
      const chunked = request.chunked ?? true
      // One after the other, so that each connection is matched with its client.
      const accepted = previous.then(() => {
        const address = server.address() as AddressInfo | string
        const socket =
          typeof address === 'string' ? connect(address) : connect(address.port, '127.0.0.1')
        clients.add(socket)
        return accept(socket).then((served) => ({ socket, served }))
      })
      previous = accepted
      const { socket, served } = await accepted
      const client = createFeedClient(socket, { head: false, chunked })
      names += 1
      feed.subscribe({
        socket: served,
        chunked,
        filter: EVERYTHING,
        cursor: 'now',
        address: 'here',
        user: undefined,
        clientId: `client ${names}`,
        ...request,
      })
      return Object.assign(client, { served })
    },
    async close() {
      for (const client of clients) client.destroy()
      const gone = once(server, 'close')
      server.close()
      await gone
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The same, closed when the test is over. */
export async function useFeed(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  setup: Setup = {},
): Promise<FeedSetup> {
  const opened = await openFeed(setup)
  onTestFinished(() => opened.close())
  return opened
}

/** Settles when everything in the log has been written to all subscriptions. */
export async function settled({ feed }: FeedSetup, readers: number) {
  await until(() => {
    const { activeConnections, live } = feed.stats()
    return activeConnections === readers && live === readers
  })
  // A round is given to at least one subscription per turn.
  let bytes = -1
  while (feed.counters().bytes > bytes) {
    ;({ bytes } = feed.counters())
    for (let turns = 0; turns <= readers; turns += 1) await turn()
  }
  return feed.stats()
}
