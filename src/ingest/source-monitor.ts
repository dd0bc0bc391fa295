import type { SourceError } from '../domain/errors.ts'
import { REACTIONS } from '../domain/faults.ts'
import type { LedgerPoint } from '../domain/ledger.ts'

/** What ingestion knows of its source, for the status page. */
export interface SourceStatus {
  state: 'starting' | 'ok' | 'failing'
  latestLedger: number | null
  oldestLedger: number | null
  /** The last fault and its text; kept when the source has recovered. */
  lastError: string | null
  /** What keeps ingestion from going on until a person acts; null when nothing does. */
  alarm: string | null
  /** How long the tip has not moved, by our own clock; undefined before the first answer. */
  tipStillForMs: number | undefined
}

/** How the source is doing, from one answer to the next. */
export interface Standing {
  answered(tip: LedgerPoint, oldest: LedgerPoint | undefined): void
  failed(error: SourceError): void
  /** Faults in a row. */
  failures(): number
  /** The last fault, also after the source has recovered. */
  lastFailure(): SourceError | undefined
  hasAnswered(): boolean
  status(): SourceStatus
}

export function createStanding(now: () => number): Standing {
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
    answered(tip, oldest) {
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
