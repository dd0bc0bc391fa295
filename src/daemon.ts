import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { requireContract } from './config.ts'
import { createDecoder } from './decode/decode.ts'
import { createFeed } from './feed/feed.ts'
import type { FeedLimits } from './feed/feed.ts'
import { createMetrics } from './http/metrics.ts'
import type { SourceCounters } from './http/metrics.ts'
import { listen } from './http/server.ts'
import type { Endpoint, Upstream } from './http/status.ts'
import { createAuditLoop } from './ingest/audit-loop.ts'
import { createIngest } from './ingest/ingest.ts'
import type { SourceStatus } from './ingest/ingest.ts'
import type { LedgerSource } from './source/source.ts'
import { feedLimits } from './serving.ts'
import { lockDatabase } from './store/lock.ts'
import { claimStore, openStore } from './store/store.ts'
import { superviseWorkers } from './workers.ts'

/** A worker has this much more than the drain time before it is killed. */
const CLOSE_GRACE_MS = 1_500

export interface DaemonParts {
  source: LedgerSource
  /** How the source is called in `/status`; credentials redacted. */
  sourceName: string
  /** What the source knows of each RPC behind it; without it, it is one. */
  endpoints?: () => Endpoint[]
  /** What it has counted of them. */
  counters?: () => SourceCounters
  logger: Logger
  version: string
  /** So many processes serve, while this one indexes; undefined: this one does both. */
  workers?: number | undefined
  /** How long subscribers are told to wait before they come back; 1 to 5 seconds unless given. */
  reconnectMs?: FeedLimits['reconnectMs']
  /** Runs when nobody else can write to the database, just before it is opened. */
  beforeOpening?: () => void
}

/** Who serves: this process, or its workers. */
interface Front {
  url: string
  stop(): void
  close(): Promise<void>
}

export interface Daemon {
  /** Where it is served. */
  url: string
  /** Settles when ingestion ends: after `close`, or rejected by a broken promise of ours. */
  ended: Promise<void>
  /** Stops ingesting, says goodbye to subscribers over the drain time, closes the database. */
  close(): Promise<void>
}

/** Builds and connects every part. Throws UsageError when the configuration cannot work. */
export async function startDaemon(config: Config, parts: DaemonParts): Promise<Daemon> {
  const { source, sourceName, logger, version, reconnectMs } = parts
  const contractId = requireContract(config)
  const decode = createDecoder()
  const lock = lockDatabase(config.databasePath)
  parts.beforeOpening?.()
  const store = openStore(config.databasePath, decode, lock)
  const stopping = new AbortController()
  try {
    claimStore(store, config.databasePath, { ...config, contractId })
    const metrics = createMetrics({
      store,
      feed: () => feed,
      sourceCounters: parts.counters,
      audit: () => audits.status(),
    })
    const feed = createFeed({
      store,
      // What the network is known to have reached, once this process has been answered at all: a
      // replica that is behind must not make a client's position look ahead of the network.
      tip: () =>
        ingest.status().latestLedger === null ? undefined : store.coverage.checkpoint()?.tipLedger,
      limits: { ...feedLimits(config), ...(reconnectMs && { reconnectMs }) },
      logger,
      written: metrics.written,
    })
    const ingest = createIngest({
      source,
      coverage: store.coverage,
      writer: store.writer,
      decode,
      startLedger: config.startLedger,
      networkPassphrase: config.networkPassphrase,
      log: logger,
      onApplied: () => feed.wake(),
      observe: {
        applied: metrics.applied,
        fault: metrics.fault,
      },
    })
    const alarm = () => ingest.status().alarm ?? parts.counters?.().disagreement ?? null
    const audits = createAuditLoop({
      source,
      store,
      contractId,
      log: logger,
      intervalSeconds: config.auditIntervalSeconds,
      // A source of another chain has nothing to say of our streams.
      trusted: () => ingest.status().state === 'ok' && alarm() === null,
      onRepaired: () => feed.renew(),
    })
    const upstream = (): Upstream => ({
      endpoints: parts.endpoints?.() ?? [endpointOf(sourceName, ingest.status())],
      alarm: alarm(),
      tipStillForMs: ingest.status().tipStillForMs,
      audit: audits.status(),
    })
    const { readyMaxLag, tipStallSeconds, auditIntervalSeconds, trustProxy } = config
    const network = config.networkPassphrase
    const limits = { readyMaxLag, tipStallSeconds, auditIntervalSeconds, trustProxy }
    const reads = { store, feed, metrics, upstream }
    const front: Front =
      parts.workers === undefined
        ? await listen(
            { ...reads, ...limits, version, contractId, network, logger },
            { ...config, reusePort: config.sharePort },
          )
        : await superviseWorkers({
            count: parts.workers,
            host: config.host,
            port: config.port,
            logger,
            upstream,
            own: async () => ({ stats: undefined, metrics: await metrics.values() }),
            closeMs: config.drainSeconds * 1_000 + CLOSE_GRACE_MS,
          })
    const ended = untilBothEnd(stopping, (signal) => [ingest.run(signal), audits.run(signal)])
    return {
      url: front.url,
      ended,
      async close() {
        stopping.abort(new Error('the daemon is closing'))
        front.stop()
        await feed.close(config.drainSeconds * 1_000)
        await front.close()
        await ended.catch(() => {})
        store.close()
      },
    }
  } catch (error) {
    store.close()
    throw error
  }
}

/** Settles when both have ended; one that fails ends the other. */
async function untilBothEnd(
  stopping: AbortController,
  begin: (signal: AbortSignal) => Promise<void>[],
): Promise<void> {
  const running = begin(stopping.signal)
  try {
    await Promise.all(running)
  } catch (error) {
    stopping.abort(error)
    await Promise.allSettled(running)
    throw error
  }
}

function endpointOf(url: string, status: SourceStatus): Endpoint {
  const { state, latestLedger, oldestLedger, lastError } = status
  return { url, state, latestLedger, oldestLedger, lastError }
}
