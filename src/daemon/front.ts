import type { Logger } from 'pino'
import { createAccess } from '../auth/access.ts'
import type { Access } from '../auth/access.ts'
import { createVault } from '../auth/vault.ts'
import type { Vault } from '../auth/vault.ts'
import type { Config } from '../config/config.ts'
import { createDecoder } from '../decode/decode.ts'
import type { Places } from '../domain/places.ts'
import type { ReadToken } from '../domain/token.ts'
import type { SourceCounters, Upstream } from '../domain/upstream.ts'
import { createFeed } from '../feed/feed.ts'
import type { Feed } from '../feed/feed.ts'
import type { FeedLimits } from '../feed/limits.ts'
import { createCors } from '../http/cors.ts'
import { createRateLimit } from '../http/rate-limit.ts'
import type { TakeRequest } from '../http/rate-limit.ts'
import type { Peers } from '../http/peers.ts'
import type { BoundServer } from '../http/server/bind.ts'
import { serveHttp } from '../http/server/server.ts'
import { OWN_FEED } from '../http/subscribe/apis.ts'
import { createWaiting } from '../http/waiting.ts'
import { createMetrics } from '../metrics/metrics.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { createSlices } from '../domain/slices.ts'
import { createSnapshots } from '../snapshot/snapshots.ts'
import { openStoreForReading } from '../store/store.ts'
import type { ReopeningStore, Store } from '../store/store.ts'
import { createReadEvent } from '../v1/event.ts'
import { createV1Feed } from '../v1/subscribe.ts'
import { createApp } from './app.ts'
import { openCluster } from './cluster.ts'
import { warnOfFewDescriptors } from './descriptors.ts'
import { followCommits } from './follow.ts'
import { openPublished } from './published.ts'
import type { Published } from './published.ts'
import { openSep10 } from './sep10.ts'

/** The half that serves: the routes and the feed over a database that it only reads. */

export interface FrontParts {
  /** The port, taken already; the front takes it over. */
  bound: BoundServer
  contractId: string
  network: string
  /**
   * What the indexing half knows about itself and its RPCs. `tipStillForMs` is how long the network's
   * tip in the database has not moved.
   */
  upstream(tipStillForMs: number): Upstream
  /** Totals of the RPCs; undefined if another process indexes. */
  counters?: (() => SourceCounters) | undefined
  logger: Logger
  version: string
  /** The limits of subscriptions and waiting requests are divided by this number of processes. */
  share?: number
  /** The other processes on the same port. */
  peers?: Peers | undefined
  /** Counts requests over all processes; default: this process counts its own. */
  takeRequest?: TakeRequest | undefined
  /** Counts subscriptions and exports over all processes; default: this process counts its own. */
  places?: Places | undefined
  /** Asks the half that indexes; undefined if this process cannot. */
  readToken?: ReadToken | undefined
  /** What may be used once, at any process; default: at this one. */
  vault?: Vault | undefined
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
  /** Whether the database file was replaced or removed after it was opened. */
  isReplaced(): boolean
  /** Accepts no more connections, and no more requests wait. */
  stop(): void
  /** Says goodbye to subscribers over the drain time, then closes everything. */
  close(): Promise<void>
}

/** Throws UsageError if the database cannot be read. */
export async function startFront(config: Config, parts: FrontParts): Promise<Front> {
  const { contractId, network: networkPassphrase, logger } = parts
  const identity = { contractId, networkPassphrase }
  const published = await openPublished(config.redisUrl, { identity, logger })
  const store = openStoreForReading(config.databasePath)
  try {
    return await serveStore(config, { ...parts, store, published })
  } catch (error) {
    store.close()
    published?.close()
    throw error
  }
}

type ServedParts = FrontParts & { store: ReopeningStore; published: Published | undefined }

async function serveStore(config: Config, parts: ServedParts): Promise<Front> {
  const { store, bound, logger, version, contractId, network, peers, published } = parts
  const stopping = new AbortController()
  const tip = watchTip(store)
  // A node that has missed something gets another file, which is then read here.
  const reopens = published !== undefined
  const upstream = () => {
    const known = parts.upstream(tip.stillForMs())
    return reopens ? known : warnIfReplaced(store, known)
  }
  const { feed, metrics, slices } = createReaders(config, { ...parts, upstream, tip })
  const identity = { contractId, networkPassphrase: network }
  const cluster = await openCluster(config.redisUrl, { identity, logger, feed, peers })
  const most = Math.ceil(config.maxWaiting / (parts.share ?? 1))
  const waiting = createWaiting({ store, slices, most })
  const access = accessOf(config, parts)
  const sep10 = openSep10(config, { access, contractId, network, logger, tip: tip.ledger })
  const cors = createCors(config.corsOrigins)
  const decode = createDecoder()
  const v1Feed = createV1Feed(createReadEvent(store.log, decode))
  const app = createApp({
    ...config,
    waiting,
    cors,
    takeRequest: parts.takeRequest ?? createRateLimit(config.rateLimitPerMinute),
    access,
    stallTimeoutMs: config.stallTimeoutSeconds * 1_000,
    store,
    snapshots: createSnapshots(config.databasePath),
    decode,
    v1Feed,
    slices,
    feed,
    metrics,
    upstream,
    version,
    contractId,
    network,
    logger,
    readToken: parts.readToken,
    places: parts.places,
    ...(peers && { peers }),
    ...(cluster && { cluster }),
    ...(sep10 && { sep10 }),
  })
  const apis = [OWN_FEED, v1Feed]
  const http = serveHttp(bound, { ...config, app, feed, apis, access, slices, cors, logger })
  function onCommit(): void {
    tip.look()
    feed.wake()
    waiting.look()
  }
  function stop(): void {
    http.stop()
    waiting.close()
  }
  const following = { store, reopens, logger, onCommit, onRepaired: feed.resetAll }
  const { look, failed } = followCommits(following, stopping.signal)
  return {
    url: http.url,
    feed,
    metrics,
    look,
    failed,
    isReplaced: store.isReplaced,
    stop,
    async close() {
      stop()
      await feed.close(config.drainSeconds * 1_000)
      await http.close()
      await sep10?.close()
      stopping.abort()
      published?.close()
      cluster?.close()
      store.close()
    },
  }
}

interface ReaderParts {
  store: Store
  logger: Logger
  upstream(): Upstream
  tip: Tip
  published: Published | undefined
  share?: number
  counters?: (() => SourceCounters) | undefined
  places?: Places | undefined
  reconnectMs?: FeedLimits['reconnectMs'] | undefined
}

/** The feed and the metrics. */
function createReaders(config: Config, parts: ReaderParts) {
  const { store, logger, upstream, tip, share = 1, counters, reconnectMs, published } = parts
  const metrics = createMetrics({
    store,
    ...(counters && { sourceCounters: counters, audit: () => upstream().audit }),
    ...(counters && published && { node: () => upstream().node }),
  })
  const limits = { ...feedLimits(config, share), ...(reconnectMs && { reconnectMs }) }
  const slices = createSlices()
  const feed = createFeed({
    store,
    slices,
    // An RPC that lags must not make a position look beyond the network's tip, so the tip counts
    // only after this process has heard from an RPC.
    tip(position) {
      // On several machines, another can be further than this one.
      if (published !== undefined) return published.newest(position)
      return upstream().tipStillForMs === undefined ? undefined : tip.ledger()
    },
    limits,
    places: parts.places,
    logger,
    written: metrics.written,
  })
  metrics.measureFeed(feed)
  warnOfFewDescriptors({ maxSubscriptions: limits.maxSubscriptions, logger })
  return { feed, metrics, slices }
}

function warnIfReplaced({ path, isReplaced }: Store, upstream: Upstream): Upstream {
  if (!isReplaced()) return upstream
  const replaced = `the database file ${path} was replaced or removed while it was in use: restart the indexer`
  return { ...upstream, alarm: upstream.alarm ?? replaced }
}

interface Tip {
  /**
   * The newest ledger of the network, as the database has it now. It is read each time: a client may
   * come with a position from another process, which has seen a later commit than this one.
   */
  ledger(): number | undefined
  /** Call after each commit. */
  look(): void
  stillForMs(): number
}

function watchTip({ coverage }: Store): Tip {
  let last = coverage.checkpoint()?.tipLedger
  let movedAt = performance.now()
  return {
    ledger: () => coverage.checkpoint()?.tipLedger,
    look() {
      const current = coverage.checkpoint()?.tipLedger
      if (current !== last) movedAt = performance.now()
      last = current
    },
    stillForMs: () => performance.now() - movedAt,
  }
}

function accessOf(config: Config, { vault = createVault(), logger }: AccessParts): Access {
  const { auth: mode, jwtSecrets: secrets = [], jwtJwksUrl: jwksUrl } = config
  const { jwtIssuer: issuer, jwtAudience: audience, adminSubjects, adminToken } = config
  const settings = { mode, secrets, jwksUrl, issuer, audience, adminSubjects, adminToken }
  const keysFailed = (error: Error) =>
    logger.warn({ err: error }, 'tokens cannot be checked: is JWT_JWKS_URL right, and reachable?')
  return createAccess(settings, { vault, keysFailed })
}

type AccessParts = Pick<FrontParts, 'vault' | 'logger'>

/** The limits of the feed for one of several processes. */
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
