import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { UsageError } from './domain/errors.ts'
import { createFeed } from './feed/feed.ts'
import type { Feed, FeedLimits } from './feed/feed.ts'
import type { AuditView } from './http/audit.ts'
import { createMetrics } from './http/metrics.ts'
import type { Metrics } from './http/metrics.ts'
import { listen } from './http/server.ts'
import type { Peers, Upstream } from './http/status.ts'
import { openStoreForReading } from './store/store.ts'
import type { Store } from './store/store.ts'

export interface ServingParts {
  logger: Logger
  version: string
  /** Among so many processes the places for subscriptions are divided. */
  share?: number
  /** As last heard from the process that indexes; without it, the database alone tells. */
  upstream?: () => Upstream | undefined
  peers?: Peers
}

export interface Serving {
  url: string
  feed: Feed
  metrics: Metrics
  /** Says goodbye to subscribers over the drain time, closes the database. */
  close(): Promise<void>
}

/** Between two looks at the database: short beside what a commit takes to be seen anyway. */
const LOOK_MS = 20
/** An audit repairs in portions: subscribers are told when no more has come for so long. */
const RENEW_AFTER_MS = 1_000

/**
 * The routes and the feed on a database that another process writes. Every write is impossible: the
 * file is open for reading alone. Commits are noticed by SQLite's own counter of changes. Throws
 * UsageError when there is nothing to serve.
 */
export async function startServing(config: Config, parts: ServingParts): Promise<Serving> {
  const { logger, version, share = 1, upstream, peers } = parts
  const store = openStoreForReading(config.databasePath)
  const stopping = new AbortController()
  try {
    const identity = store.coverage.identity()
    if (identity === undefined) throw nothingYet(config.databasePath)
    const { contractId, networkPassphrase } = identity
    if (config.contractId !== undefined && config.contractId !== contractId) {
      throw new UsageError(
        `the database ${config.databasePath} belongs to the contract ${contractId}, not to ${config.contractId}: set DATABASE_PATH to another file, or leave CONTRACT_ID out`,
      )
    }
    const metrics = createMetrics({ store, feed: () => feed })
    const feed = createFeed({
      store,
      tip: () => (knownUpstream().tipStillForMs === undefined ? undefined : tip.ledger()),
      limits: feedLimits(config, share),
      logger,
      written: metrics.written,
    })
    const tip = watchTip(store)
    const knownUpstream = upstream
      ? () => heard(upstream(), tip.stillForMs())
      : () => unheard(tip.stillForMs())
    const http = await listen(
      {
        store,
        feed,
        metrics,
        version,
        contractId,
        network: networkPassphrase,
        upstream: knownUpstream,
        auditIntervalSeconds: config.auditIntervalSeconds,
        readyMaxLag: config.readyMaxLag,
        tipStallSeconds: config.tipStallSeconds,
        logger,
        trustProxy: config.trustProxy,
        ...(peers && { peers }),
      },
      { ...config, reusePort: true },
    )
    follow(
      store,
      () => {
        tip.look()
        feed.wake()
      },
      feed.renew,
      stopping.signal,
    )
    return {
      url: http.url,
      feed,
      metrics,
      async close() {
        http.stop()
        await feed.close(config.drainSeconds * 1_000)
        await http.close()
        stopping.abort()
        store.close()
      },
    }
  } catch (error) {
    stopping.abort()
    store.close()
    throw error
  }
}

/** The limits of the feed, as one of several processes has them. */
export function feedLimits(config: Config, share = 1): FeedLimits {
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

/** What was told, if anything was; when it no longer is, our own clock tells. */
function heard(told: Upstream | undefined, stillForMs: number): Upstream {
  if (told?.tipStillForMs === undefined) return { ...unheard(0), ...told, tipStillForMs: undefined }
  return { ...told, tipStillForMs: Math.max(told.tipStillForMs, stillForMs) }
}

function unheard(tipStillForMs: number): Upstream {
  return { endpoints: [], alarm: null, audit: NOT_AUDITED_HERE, tipStillForMs }
}

const NOT_AUDITED_HERE: AuditView = {
  bootstrapped: false,
  running: false,
  last: null,
  driftTotal: 0,
  repairedTotal: 0,
  lastError: 'this process only serves: the one that indexes audits, ask it',
}

/** The network's tip as the database has it, and when that last moved. */
function watchTip({ coverage }: Store) {
  const ledger = () => coverage.checkpoint()?.tipLedger
  let last = ledger()
  let movedAt = performance.now()
  return {
    ledger,
    look(): void {
      const current = ledger()
      if (current !== last) movedAt = performance.now()
      last = current
    },
    stillForMs: () => performance.now() - movedAt,
  }
}

/** Tells of commits, and of streams that the chain, not an event, has changed. */
function follow(
  { changes, chain }: Store,
  onCommit: () => void,
  onRepaired: () => void,
  signal: AbortSignal,
): void {
  let seen: number | undefined
  let taken = chain.lastTaken()
  let renewing: NodeJS.Timeout | undefined
  const looking = setInterval(() => {
    const now = changes()
    if (now === seen) return
    seen = now
    onCommit()
    const last = chain.lastTaken()
    if (last === taken) return
    taken = last
    clearTimeout(renewing)
    renewing = setTimeout(onRepaired, RENEW_AFTER_MS)
  }, LOOK_MS)
  signal.addEventListener('abort', () => {
    clearInterval(looking)
    clearTimeout(renewing)
  })
}

function nothingYet(path: string): UsageError {
  return new UsageError(
    `the database ${path} holds nothing yet: run "flowfi-indexer start" on it, then serve`,
  )
}
