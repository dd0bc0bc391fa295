import type { SourceError } from '../domain/errors.ts'
import { REACTIONS } from '../domain/faults.ts'
import type { EndpointStatus, Upstream } from '../domain/upstream.ts'
import type { LedgerPage } from '../source/source.ts'

/** What ingestion knows about its source, for `/status` and `/ready`. */
export interface SourceStatus
  extends Omit<EndpointStatus, 'url'>, Pick<Upstream, 'alarm' | 'tipStillForMs'> {}

/** Keeps the status of the source, from its answers and failures. */
export interface SourceMonitor {
  answered(page: Pick<LedgerPage, 'tip' | 'oldest'>): void
  failed(error: SourceError): void
  /** Failures since the last answer. */
  failures(): number
  /** The last failure; kept after the source has recovered. */
  lastFailure(): SourceError | undefined
  hasAnswered(): boolean
  status(): SourceStatus
}

export function createSourceMonitor(now: () => number): SourceMonitor {
  let failures = 0
  let lastFailure: SourceError | undefined
  let tipMovedAt: number | undefined
  const status: Omit<SourceStatus, 'tipStillForMs'> = {
    state: 'starting',
    latestLedger: null,
    oldestLedger: null,
    lastError: null,
    alarm: null,
  }

  return {
    answered({ tip, oldest }) {
      if (status.latestLedger === null || tip.ledger > status.latestLedger) tipMovedAt = now()
      failures = 0
      status.state = 'ok'
      status.alarm = null
      status.latestLedger = tip.ledger
      status.oldestLedger = oldest?.ledger ?? status.oldestLedger
    },
    failed(error) {
      failures += 1
      lastFailure = error
      status.state = 'failing'
      status.lastError = `${error.fault}: ${error.message}`
      if (REACTIONS[error.fault].alarms) status.alarm = error.message
    },
    failures: () => failures,
    lastFailure: () => lastFailure,
    hasAnswered: () => status.latestLedger !== null,
    status: () => ({
      ...status,
      tipStillForMs: tipMovedAt === undefined ? undefined : now() - tipMovedAt,
    }),
  }
}
