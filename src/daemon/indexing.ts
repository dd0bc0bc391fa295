import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { requireContract } from '../config.ts'
import type { Config } from '../config.ts'
import { createDecoder } from '../decode/decode.ts'
import type { SourceCounters } from '../http/metrics.ts'
import type { Endpoint, Upstream } from '../http/status.ts'
import { createAuditLoop } from '../ingest/audit-loop.ts'
import { createIngest } from '../ingest/ingest.ts'
import type { IngestDeps } from '../ingest/ingest.ts'
import type { SourceStatus } from '../ingest/standing.ts'
import type { LedgerSource } from '../source/source.ts'
import type { Lock } from '../store/lock.ts'
import { claimStore, openStore } from '../store/store.ts'
import { explainStorage, passingTrouble } from '../store/trouble.ts'

/** The half that indexes: the RPCs, ingestion, audits, and the only connection that writes. */

/** Needs no request, so that it can be handed to a thread. */
export type IndexingConfig = Omit<Config, 'trustProxy'>

/** What indexes is told what to ask, and what to call it. */
export interface SourceParts {
  source: LedgerSource
  /** Name of the source in `/status`; credentials redacted. */
  sourceName: string
  /** What the source knows of each RPC behind it; without it, it is one. */
  endpoints?: (() => Endpoint[]) | undefined
  /** What it has counted of them. */
  counters?: (() => SourceCounters) | undefined
}

export interface IndexingParts extends SourceParts {
  logger: Logger
  /** The right to write to the database. */
  lock: Lock
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

/** Between two attempts to write to a disk that is full, or a file that is locked. */
const RETRY_MS = 1_000

/** Opens the database and connects every part. Throws UsageError when it cannot be used. */
export function openIndexing(config: IndexingConfig, parts: IndexingParts): Indexing {
  const { source, sourceName, endpoints, counters, logger, lock } = parts
  const { databasePath, networkPassphrase, startLedger } = config
  const contractId = requireContract(config)
  const identity = { networkPassphrase, contractId }
  const decode = createDecoder()
  const store = openStore(databasePath, decode, lock)
  let events: IndexingEvents = { committed() {}, applied() {}, fault() {} }
  /** Why nothing can be written at the moment. */
  let trouble: string | null = null
  try {
    claimStore(store, databasePath, identity)
  } catch (error) {
    store.close()
    throw error
  }
  const ingest = createIngest({
    source,
    coverage: store.coverage,
    writer: store.writer,
    decode,
    startLedger,
    identity,
    log: logger,
    onApplied() {
      if (trouble !== null) logger.info('the database can be written again')
      trouble = null
      events.committed()
    },
    observe: {
      applied: (seconds) => events.applied(seconds),
      fault: (fault) => events.fault(fault),
    },
  })
  const alarm = () => trouble ?? ingest.status().alarm ?? counters?.().disagreement ?? null
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

  /** Goes on after storage trouble that passes: reading works meanwhile, and an alarm says why. */
  async function patiently(
    run: (signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      try {
        return await run(signal)
      } catch (error) {
        const reason = passingTrouble(error, databasePath)
        if (reason === undefined) throw explainStorage(error, databasePath)
        if (trouble !== reason) logger.error({ reason }, 'the database cannot be written')
        trouble = reason
        await sleep(RETRY_MS, undefined, { signal }).catch(() => {})
      }
    }
  }

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
      await untilBothEnd(signal, (either) => [
        patiently(ingest.run, either),
        patiently(audits.run, either),
      ])
    },
    async close() {
      store.close()
    },
  }
}

/** Settles when both have ended; one that fails ends the other. */
async function untilBothEnd(
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

function endpointOf(url: string, status: SourceStatus): Endpoint {
  const { state, latestLedger, oldestLedger, lastError } = status
  return { url, state, latestLedger, oldestLedger, lastError }
}
