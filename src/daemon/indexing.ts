import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import type { Decode } from '../domain/event.ts'
import type { EndpointStatus, SourceCounters, Upstream } from '../domain/upstream.ts'
import { createAuditLoop } from '../audit/loop.ts'
import { createIngest } from '../ingest/ingest.ts'
import type { IngestDeps } from '../ingest/ingest.ts'
import type { SourceStatus } from '../ingest/source-monitor.ts'
import type { LedgerSource } from '../source/source.ts'
import type { WritableStore } from '../store/store.ts'
import { createPatience } from './patience.ts'

/** The half that indexes: the RPCs, ingestion, audits, and the only connection that writes. */

/** Plain data, so that it can be given to a thread. */
export type IndexingConfig = Omit<Config, 'trustProxy' | 'contractId'> & { contractId: string }

/** A source that is open already. The caller opened it and closes it. */
export interface SourceParts {
  source: LedgerSource
  /** Name of the source in `/status`; credentials redacted. */
  sourceName: string
  /** What the source knows of each RPC behind it; without it, it is one. */
  endpoints?: (() => EndpointStatus[]) | undefined
  /** What it has counted of them. */
  counters?: (() => SourceCounters) | undefined
}

export interface IndexingParts extends SourceParts {
  logger: Logger
  store: WritableStore
  decode: Decode
}

/** Told what happens, as it happens. */
export interface IndexingEvents extends NonNullable<IngestDeps['observe']> {
  /** The log has moved. */
  committed(): void
}

/** The indexing half as the rest of the daemon sees it, in this thread or in another. */
export interface Indexing {
  upstream(): Upstream
  /** Undefined where the source does not count. */
  counters?: (() => SourceCounters) | undefined
  /** Runs until `signal` aborts; rejects when it cannot go on. */
  run(events: IndexingEvents, signal: AbortSignal): Promise<void>
  /** Closes the database. Only after `run` has ended. */
  close(): Promise<void>
}

/** Connects every part. The store is closed with what is returned. */
export function createIndexing(config: IndexingConfig, parts: IndexingParts): Indexing {
  const { source, sourceName, endpoints, counters, logger, store, decode } = parts
  const { networkPassphrase, contractId } = config
  const identity = { networkPassphrase, contractId }
  const patience = createPatience(store.path, logger)
  let events: IndexingEvents = { committed() {}, applied() {}, fault() {} }
  const ingest = createIngest({
    source,
    coverage: store.coverage,
    writer: store.writer,
    decode,
    startLedger: config.startLedger,
    identity,
    log: logger,
    onApplied() {
      patience.written()
      events.committed()
    },
    observe: {
      applied: (seconds) => events.applied(seconds),
      fault: (fault) => events.fault(fault),
    },
  })
  const alarm = () =>
    patience.trouble() ?? ingest.status().alarm ?? counters?.().disagreement ?? null
  const audits = createAuditLoop({
    source,
    store,
    contractId,
    log: logger,
    intervalSeconds: config.auditIntervalSeconds,
    // Do not audit against a source of another chain.
    trusted: () => ingest.status().state === 'ok' && alarm() === null,
    onRepaired: () => events.committed(),
  })
  return {
    upstream: () => ({
      endpoints: endpoints?.() ?? [endpointOf(sourceName, ingest.status())],
      alarm: alarm(),
      tipStillForMs: ingest.status().tipStillForMs,
      audit: audits.status(),
    }),
    counters,
    async run(observer, signal) {
      events = observer
      await untilAllEnd(signal, (either) => [
        patience.through(ingest.run, either),
        patience.through(audits.run, either),
      ])
    },
    close: async () => store.close(),
  }
}

/** Settles when all have ended; one that fails ends the others. */
async function untilAllEnd(
  signal: AbortSignal,
  begin: (signal: AbortSignal) => Promise<void>[],
): Promise<void> {
  const failing = new AbortController()
  const running = begin(AbortSignal.any([signal, failing.signal]))
  try {
    await Promise.all(running)
  } catch (error) {
    failing.abort(error)
    await Promise.allSettled(running)
    throw error
  }
}

function endpointOf(url: string, status: SourceStatus): EndpointStatus {
  const { state, latestLedger, oldestLedger, lastError } = status
  return { url, state, latestLedger, oldestLedger, lastError }
}
