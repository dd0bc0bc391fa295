import type { Logger } from 'pino'
import { requireContract } from '../config/config.ts'
import type { Config } from '../config/config.ts'
import { startFront } from './front.ts'
import type { Indexing, IndexingEvents, SourceParts } from './indexing.ts'
import { findPort, superviseWorkers } from './workers.ts'
import type { FeedLimits } from '../feed/limits.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { bindServer } from '../http/server/bind.ts'
import type { BoundServer } from '../http/server/bind.ts'
import { createRateLimit } from '../http/rate-limit.ts'
import { lockDatabase } from '../store/lock.ts'
import type { Lock } from '../store/lock.ts'
import { openStoreForReading } from '../store/store.ts'

export interface DaemonOptions {
  logger: Logger
  version: string
  /** So many processes serve, while this one indexes; undefined: this one does both. */
  workers?: number | undefined
  /** How long subscribers are told to wait before they come back; 1 to 5 seconds unless given. */
  reconnectMs?: FeedLimits['reconnectMs']
  /** Runs when the lock is held and the port bound, just before the database is opened. */
  beforeOpening?: () => void
}

/** What indexes: a source that this thread asks, or a thread that was started for it. */
export type DaemonParts = DaemonOptions &
  (SourceParts | { openIndexing: (lock: Lock) => Promise<Indexing> })

export interface Daemon {
  /** Where it is served. */
  url: string
  /** Settles when indexing ends: after `close`, or rejected when indexing cannot go on. */
  ended: Promise<void>
  /** Stops indexing, says goodbye to subscribers over the drain time, closes the database. */
  close(): Promise<void>
}

/** Who serves: this process, or its workers. */
interface Serving {
  url: string
  events: IndexingEvents
  failed: Promise<never>
  stop(): void
  close(): Promise<void>
}

/** A worker has this much more than the drain time before it is killed. */
const CLOSE_GRACE_MS = 1_500

/** Builds and connects every part. Throws UsageError when the configuration cannot work. */
export async function startDaemon(config: Config, parts: DaemonParts): Promise<Daemon> {
  requireContract(config)
  const undo: Undo = []
  try {
    const lock = lockDatabase(config.databasePath)
    undo.push(lock.release)
    const serve = await prepare(config, parts, undo)
    parts.beforeOpening?.()
    const indexing = await open(config, parts, lock)
    undo.push(indexing.close)
    const serving = await serve(indexing)
    const stopping = new AbortController()
    const running = indexing.run(serving.events, stopping.signal)
    const ended = Promise.race([running, serving.failed])
    return {
      url: serving.url,
      ended,
      async close() {
        stopping.abort(new Error('the daemon is closing'))
        serving.stop()
        await serving.close()
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

async function open(config: Config, parts: DaemonParts, lock: Lock): Promise<Indexing> {
  if ('openIndexing' in parts) return parts.openIndexing(lock)
  // A daemon whose thread indexes does not load it.
  const { openLog } = await import('./open-log.ts')
  const { createIndexing } = await import('./indexing.ts')
  const settings = { ...config, contractId: requireContract(config) }
  return createIndexing(settings, { ...parts, ...openLog(settings, lock) })
}

/** Takes the port. What it returns begins to serve when there is a database. */
async function prepare(config: Config, parts: DaemonParts, undo: Undo): Promise<Serve> {
  if (parts.workers === undefined) {
    const bound = await bindServer({ ...config, reusePort: config.sharePort })
    undo.push(() => bound.server.close())
    return (indexing) => serveHere(config, parts, indexing, bound)
  }
  const port = await findPort(config.host, config.port)
  const count = parts.workers
  return (indexing) => serveByWorkers({ ...config, port }, { ...parts, count }, indexing)
}

type Undo = (() => unknown)[]
type Serve = (indexing: Indexing) => Promise<Serving>

async function serveHere(
  config: Config,
  { logger, version, reconnectMs }: DaemonOptions,
  { upstream, counters }: Indexing,
  bound: BoundServer,
): Promise<Serving> {
  const front = await startFront(config, {
    bound,
    contractId: requireContract(config),
    network: config.networkPassphrase,
    upstream,
    counters,
    logger,
    version,
    reconnectMs,
  })
  const { applied, fault } = front.metrics
  return { ...front, events: { committed: front.look, applied, fault } }
}

async function serveByWorkers(
  { host, port, databasePath, drainSeconds, rateLimitPerMinute }: Config,
  { logger, count }: DaemonOptions & { count: number },
  { upstream, counters }: Indexing,
): Promise<Serving> {
  const store = openStoreForReading(databasePath)
  const metrics = createMetrics({
    store,
    audit: () => upstream().audit,
    ...(counters && { sourceCounters: counters }),
  })
  const workers = await superviseWorkers({
    count,
    host,
    port,
    logger,
    upstream,
    takeRequest: createRateLimit(rateLimitPerMinute),
    ownReport: async () => ({ stats: undefined, metrics: await metrics.values() }),
    closeMs: drainSeconds * 1_000 + CLOSE_GRACE_MS,
  })
  const { applied, fault } = metrics
  return {
    ...workers,
    // The workers notice commits by themselves.
    events: { committed() {}, applied, fault },
    failed: new Promise(() => {}),
    async close() {
      await workers.close()
      store.close()
    },
  }
}
