import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { createVault } from '../auth/vault.ts'
import { requireContract } from '../config/config.ts'
import type { Config } from '../config/config.ts'
import type { FeedLimits } from '../feed/limits.ts'
import { createRateLimit } from '../http/rate-limit.ts'
import { bindServer } from '../http/server/bind.ts'
import type { BoundServer } from '../http/server/bind.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { lockDatabase } from '../store/lock.ts'
import type { Lock } from '../store/lock.ts'
import { openStoreForReading } from '../store/store.ts'
import { startFront } from './front.ts'
import type { Indexing, IndexingEvents } from './indexing.ts'
import { findPort, superviseWorkers } from './workers.ts'

/**
 * Builds and connects every part. The daemon has two halves: one indexes and is the only one that
 * writes to the database, the other serves and only reads it.
 *
 * indexing          the half that indexes: RPCs, ingestion, audits
 * index-here        runs it in this thread
 * thread, indexing.thread    run it in a thread of its own: the two ends
 * open-log, open-source      what it needs: the database, the RPCs
 * node              the same on one of several machines
 * patience          keeps it going through storage trouble that passes
 *
 * front             the half that serves: feed, metrics, HTTP
 * app               every route, and the middleware around them
 * published         which positions other machines can have shown
 * follow            notices commits of the other half
 * replica           the front over a database that another process writes
 * workers, worker   several processes that serve for one that indexes: the two ends
 * sep10, accounts   the SEP-10 server, and what it asks the RPCs
 * remote-rate       the count of requests over all workers
 * cluster           the subscriptions of all machines
 * remote-vault      what may be used once, over all workers
 * remote-places     subscriptions and exports, counted over all workers
 *
 * messages, questions, copied-error    what threads and processes say to each other
 * logger, descriptors                  the log, and a check of the limit of open files
 */

export interface DaemonOptions {
  logger: Logger
  version: string
  /** Opens the half that indexes. The daemon holds the lock, and closes what this returns. */
  openIndexing(lock: Lock, port: number): Promise<Indexing>
  /** This many processes serve, and this one indexes; undefined: this process does both. */
  workers?: number | undefined
  /** How long to ask subscribers to wait before they reconnect; default: 1 to 5 seconds. */
  reconnectMs?: FeedLimits['reconnectMs']
  /** Runs when the lock is held and the port is bound, just before the database is opened. */
  beforeOpening?: () => void
}

export interface Daemon {
  /** Where it is served. */
  url: string
  /** Settles when indexing ends: after `close`, or rejected when indexing cannot continue. */
  ended: Promise<void>
  /** Stops indexing, says goodbye to subscribers over the drain time, closes the database. */
  close(): Promise<void>
}

/** What serves: a front in this process, or workers. */
interface Serving {
  url: string
  /** What the indexing half calls. */
  events: IndexingEvents
  /** Rejects when serving cannot continue. */
  failed: Promise<never>
  stop(): void
  close(): Promise<void>
}

type Serve = (indexing: Indexing) => Promise<Serving>

/** How much longer than the drain time a worker can take to close before it is killed. */
const CLOSE_GRACE_MS = 1_500

/** Starts the daemon. Throws UsageError if the configuration cannot work. */
export async function startDaemon(config: Config, options: DaemonOptions): Promise<Daemon> {
  requireContract(config)
  const undo: (() => unknown)[] = []
  try {
    const lock = lockDatabase(config.databasePath)
    undo.push(lock.release)
    const { serve, port, release } = await takePort(config, options)
    undo.push(release)
    options.beforeOpening?.()
    const indexing = await options.openIndexing(lock, port)
    undo.push(indexing.close)
    const serving = await serve(indexing)
    const stopping = new AbortController()
    const running = indexing.run(serving.events, stopping.signal)
    const ended = Promise.race([running, serving.failed])
    const stop = () => stopping.abort(new Error('the daemon is closing'))
    return {
      url: serving.url,
      ended,
      async close() {
        // On several machines it follows until its subscribers have left.
        if (indexing.retire === undefined) stop()
        else indexing.retire()
        serving.stop()
        await serving.close()
        stop()
        await running.catch(() => {})
        await indexing.close()
        lock.release()
      },
    }
  } catch (error) {
    for (const step of undo.toReversed()) await step()
    throw error
  }
}

/** Takes the port. `serve` begins to serve once there is a database; `release` gives the port up. */
async function takePort(
  config: Config,
  options: DaemonOptions,
): Promise<{ serve: Serve; port: number; release: () => void }> {
  const { workers: count } = options
  if (count === undefined) {
    const bound = await bindServer({ ...config, reusePort: config.sharePort })
    return {
      port: (bound.server.address() as AddressInfo).port,
      serve: (indexing) => serveHere(config, { ...options, indexing, bound }),
      release: () => void bound.server.close(),
    }
  }
  const port = await findPort(config.host, config.port)
  return {
    port,
    serve: (indexing) => serveByWorkers({ ...config, port }, { ...options, indexing, count }),
    release() {},
  }
}

async function serveHere(
  config: Config,
  options: DaemonOptions & { indexing: Indexing; bound: BoundServer },
): Promise<Serving> {
  const { indexing, bound, logger, version, reconnectMs } = options
  const { upstream, counters, readToken } = indexing
  const front = await startFront(config, {
    bound,
    contractId: requireContract(config),
    network: config.networkPassphrase,
    upstream,
    counters,
    readToken,
    logger,
    version,
    reconnectMs,
  })
  const { applied, fault } = front.metrics
  return { ...front, events: { committed: front.look, applied, fault } }
}

async function serveByWorkers(
  config: Config,
  { indexing, count, logger }: DaemonOptions & { indexing: Indexing; count: number },
): Promise<Serving> {
  const { host, port, databasePath, drainSeconds, rateLimitPerMinute } = config
  const { upstream, counters, readToken } = indexing
  const store = openStoreForReading(databasePath)
  const metrics = createMetrics({
    store,
    audit: () => upstream().audit,
    ...(config.redisUrl !== undefined && { node: () => upstream().node }),
    sourceCounters: counters,
  })
  const workers = await superviseWorkers({
    count,
    host,
    port,
    logger,
    upstream,
    takeRequest: createRateLimit(rateLimitPerMinute),
    vault: createVault(),
    readToken,
    ownReport: async () => ({ stats: undefined, metrics: await metrics.values() }),
    closeMs: drainSeconds * 1_000 + CLOSE_GRACE_MS,
  })
  const { applied, fault } = metrics
  return {
    ...workers,
    // Workers notice commits in the database.
    events: { committed() {}, applied, fault },
    failed: new Promise(() => {}),
    async close() {
      await workers.close()
      store.close()
    },
  }
}
