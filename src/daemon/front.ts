import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { createFeed } from '../feed/feed.ts'
import type { Feed } from '../feed/feed.ts'
import type { FeedLimits } from '../feed/limits.ts'
import { createMetrics } from '../metrics/metrics.ts'
import type { SourceCounters, Upstream } from '../domain/upstream.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { createRateLimit } from '../http/rate-limit.ts'
import type { TakeRequest } from '../http/rate-limit.ts'
import { listen } from '../http/server/server.ts'
import type { BoundServer } from '../http/server/bind.ts'
import type { Peers } from '../http/peers.ts'
import { createSlices } from '../domain/slices.ts'
import { openStoreForReading } from '../store/store.ts'
import type { Store } from '../store/store.ts'
import { warnOfFewDescriptors } from './descriptors.ts'
import { followCommits } from './follow.ts'

/** What serves: the routes and the feed over a database that is only read here. */

export interface FrontParts {
  /** The port, taken already; the front takes it over. */
  bound: BoundServer
  contractId: string
  network: string
  /**
   * What the indexing half says of itself and its RPCs. It is given how long, in milliseconds, the
   * network's tip in the database has not moved.
   */
  upstream(tipStillForMs: number): Upstream
  /** Totals of the RPCs, where this process indexes too. */
  counters?: (() => SourceCounters) | undefined
  logger: Logger
  version: string
  /** The places for subscriptions are divided among so many processes. */
  share?: number
  /** The other processes on the same port. */
  peers?: Peers | undefined
  /** Counts requests over all processes; without it this one counts its own. */
  takeRequest?: TakeRequest | undefined
  reconnectMs?: FeedLimits['reconnectMs'] | undefined
}

export interface Front {
  url: string
  feed: Feed
  metrics: Metrics
  /** Looks for a commit now instead of at the next turn. */
  look(): void
  /** Rejects when the database can no longer be read. */
  failed: Promise<never>
  /** Whether the database file was replaced, or removed, since it was opened. */
  isReplaced(): boolean
  /** Takes no more connections. */
  stop(): void
  /** Says goodbye to subscribers over the drain time, then closes everything. */
  close(): Promise<void>
}

/** Throws UsageError when the database cannot be read. */
export async function startFront(config: Config, parts: FrontParts): Promise<Front> {
  const store = openStoreForReading(config.databasePath)
  try {
    return await serveStore(store, config, parts)
  } catch (error) {
    store.close()
    throw error
  }
}

async function serveStore(store: Store, config: Config, parts: FrontParts): Promise<Front> {
  const { logger, share = 1, counters, reconnectMs } = parts
  const stopping = new AbortController()
  const tip = watchTip(store)
  const upstream = () => {
    const heard = parts.upstream(tip.stillForMs())
    return store.isReplaced() ? { ...heard, alarm: heard.alarm ?? movedAway(store) } : heard
  }
  const metrics = createMetrics({
    store,
    ...(counters && { sourceCounters: counters, audit: () => upstream().audit }),
  })
  const slices = createSlices()
  const feed = createFeed({
    store,
    slices,
    // A replica of the RPC that is behind must not make a position look ahead of the network, so
    // the tip counts only once this process has heard from an RPC.
    tip: () => (upstream().tipStillForMs === undefined ? undefined : tip.ledger()),
    limits: { ...feedLimits(config, share), ...(reconnectMs && { reconnectMs }) },
    logger,
    written: metrics.written,
  })
  metrics.measureFeed(feed)
  warnOfFewDescriptors(feedLimits(config, share).maxSubscriptions, logger)
  const { readyMaxLag, tipStallSeconds, auditIntervalSeconds, trustProxy } = config
  const http = await listen(
    {
      store,
      slices,
      takeRequest: parts.takeRequest ?? createRateLimit(config.rateLimitPerMinute),
      feed,
      metrics,
      upstream,
      readyMaxLag,
      tipStallSeconds,
      auditIntervalSeconds,
      trustProxy,
      version: parts.version,
      contractId: parts.contractId,
      network: parts.network,
      logger,
      ...(parts.peers && { peers: parts.peers }),
    },
    config,
    parts.bound,
  )
  const follower = followCommits(
    store,
    {
      committed() {
        tip.look()
        feed.wake()
      },
      repaired: feed.resetAll,
    },
    logger,
    stopping.signal,
  )
  return {
    url: http.url,
    feed,
    metrics,
    look: follower.look,
    failed: follower.failed,
    isReplaced: store.isReplaced,
    stop: http.stop,
    async close() {
      http.stop()
      await feed.close(config.drainSeconds * 1_000)
      await http.close()
      stopping.abort()
      store.close()
    },
  }
}

function movedAway({ path }: Store): string {
  return `the database file ${path} was replaced or removed while it was in use: restart the indexer`
}

/** The network's tip as the database has it, and when that last moved. */
function watchTip({ coverage }: Store) {
  let last = coverage.checkpoint()?.tipLedger
  let movedAt = performance.now()
  return {
    ledger: () => last,
    look(): void {
      const current = coverage.checkpoint()?.tipLedger
      if (current !== last) movedAt = performance.now()
      last = current
    },
    stillForMs: () => performance.now() - movedAt,
  }
}

/** The limits of the feed, as one of several processes has them. */
function feedLimits(config: Config, share: number): FeedLimits {
  return {
    heartbeatMs: config.heartbeatSeconds * 1_000,
    maxAgeMs: config.maxAgeSeconds * 1_000,
    stallTimeoutMs: config.stallTimeoutSeconds * 1_000,
    maxSubscriptions: Math.ceil(config.maxSubscriptions / share),
    maxSubscriptionsPerAddress: config.maxSubscriptionsPerAddress,
    maxSubscriptionsPerUser: config.maxSubscriptionsPerUser,
    maxReplaying: Math.ceil(config.maxReplayingSubscriptions / share),
  }
}
