import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import type { Clock } from '../domain/clock.ts'
import type { Decode } from '../domain/event.ts'
import type { ReadToken } from '../domain/token.ts'
import type { SourceCounters, Upstream } from '../domain/upstream.ts'
import { createAuditLoop } from '../audit/loop.ts'
import { createTokenReader } from '../audit/tokens.ts'
import { createIngest } from '../ingest/ingest.ts'
import type { BatchLimits } from '../ingest/batch.ts'
import type { IngestDeps } from '../ingest/ingest.ts'
import type { FailoverSource } from '../failover/failover.ts'
import type { SharedStore } from '../store/store.ts'
import { createPatience } from './patience.ts'

/** The half that indexes: the RPCs, ingestion, audits, and the only connection that writes. */

/** Plain data, so that it can be given to a thread. */
export type IndexingConfig = Omit<Config, 'trustProxy' | 'contractId'> & { contractId: string }

export interface IndexingParts {
  /** The caller closes it. */
  source: FailoverSource
  logger: Logger
  store: SharedStore
  decode: Decode
  /** What ingestion waits by, if not by the real clock. */
  clock?: Partial<Clock>
  /** How much one transaction may hold; default: as much as suits one machine. */
  limits?: BatchLimits
}

/** Called as things happen. */
export interface IndexingEvents extends NonNullable<IngestDeps['observe']> {
  /** The log has new entries, or streams were repaired. */
  committed(): void
}

/** The indexing half as the rest of the daemon sees it, in this thread or in another. */
export interface Indexing {
  upstream(): Upstream
  /** Totals of the RPCs. */
  counters(): SourceCounters
  readToken: ReadToken
  /** Runs until `signal` aborts. Rejects when it cannot continue. */
  run(events: IndexingEvents, signal: AbortSignal): Promise<void>
  /** On several machines: lets another node lead, and goes on following. */
  retire?(): void
  /** Closes the database. Only after `run` has ended. */
  close(): Promise<void>
}

/** Connects every part. Closing it closes the store too. */
export function createIndexing(config: IndexingConfig, parts: IndexingParts): Indexing {
  const { source, logger, store, decode, clock } = parts
  const { networkPassphrase, contractId } = config
  const identity = { networkPassphrase, contractId }
  const patience = createPatience(store.path, logger)
  let events: IndexingEvents = { committed() {}, applied() {}, fault() {} }
  const ingest = createIngest({
    ...clock,
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
    ...(parts.limits && { limits: parts.limits }),
    observe: {
      applied: (seconds) => events.applied(seconds),
      fault: (fault) => events.fault(fault),
    },
  })
  const alarm = () => patience.trouble() ?? ingest.status().alarm ?? source.counters().disagreement
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
  const tokens = createTokenReader({ source, store, log: logger })
  return {
    upstream: () => ({
      endpoints: source.endpoints(),
      alarm: alarm(),
      tipStillForMs: ingest.status().tipStillForMs,
      audit: audits.status(),
    }),
    counters: source.counters,
    readToken: tokens.read,
    async run(observer, signal) {
      events = observer
      await untilAllEnd(signal, (either) => [
        patience.through(ingest.run, either),
        patience.through(audits.run, either),
        patience.through(tokens.run, either),
      ])
    },
    async close() {
      tokens.close()
      store.close()
    },
  }
}

/** Waits until all have ended. If one fails, the others are ended. */
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
