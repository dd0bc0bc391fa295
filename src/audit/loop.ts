import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { AUDIT_CLASSES } from '../domain/upstream.ts'
import type { AuditReport, AuditStatus } from '../domain/upstream.ts'
import { SourceError } from '../domain/errors.ts'
import { retry } from '../source/backoff.ts'
import type { RetryOptions } from '../source/backoff.ts'
import type { LedgerSource } from '../source/source.ts'
import { auditStreams } from './compare.ts'
import type { AuditRow } from './compare.ts'
import { bootstrap, repair, repairGaps } from './repair.ts'
import type { RepairDeps } from './repair.ts'

export interface AuditLoopDeps extends RepairDeps {
  log: Logger
  /** Between the beginnings of two audits; 0: none, but gaps and the beginning are still repaired. */
  intervalSeconds: number
  /** Whether the source has proved to be of the chain that is indexed. */
  trusted(): boolean
  /** After streams have changed without an event. */
  onRepaired?(): void
  /** How often to look whether there is something to do. */
  pollMs?: number
  /** How long to leave a source alone that has failed again and again. */
  retryMs?: number
  /** Milliseconds of a clock that never goes back. */
  now?: () => number
  random?: () => number
}

export interface AuditLoop {
  /** Runs until `signal` aborts; rejects only when a promise of our own is broken. */
  run(signal: AbortSignal): Promise<void>
  status(): AuditStatus
}

const POLL_MS = 1_000
const RETRY_MS = 60_000
/** Failures of one call in a row after which the source is left alone for a while. */
const MAX_FAILURES = 8
/** Between two calls: a thousand streams a second, which no RPC notices. */
const PAUSE_MS = 200
/** Rows of streams in drift that are kept to be shown. */
const MAX_SHOWN = 100
/** A week at five seconds a ledger: time for somebody to extend the entry. */
const EXPIRY_WARNING_LEDGERS = 120_960
/** An audit before the log is near the tip finds little that can be compared; it waits one interval. */
const NEAR_TIP_LEDGERS = 20

export function createAuditLoop(deps: AuditLoopDeps): AuditLoop {
  const { store, log, intervalSeconds, trusted, pollMs = POLL_MS, retryMs = RETRY_MS } = deps
  const { now = () => performance.now(), random = Math.random, onRepaired = () => {} } = deps
  const retrying: RetryOptions = {
    random,
    maxFailures: MAX_FAILURES,
    onFailure(error, { failures, delayMs }) {
      status.lastError = describe(error)
      const { fault, message: detail } = error
      log.debug({ fault, detail, failures, delayMs }, 'audit call failed')
    },
  }
  const source: LedgerSource = {
    ...deps.source,
    // One call that fails must not make a long audit begin again.
    entries: (keys, signal) => retry(() => deps.source.entries(keys, signal), retrying, signal),
    ledger: (sequence, signal) =>
      retry(() => deps.source.ledger(sequence, signal), retrying, signal),
  }
  const paced = { ...deps, source, pauseMs: deps.pauseMs ?? PAUSE_MS }
  const intervalMs = intervalSeconds * 1_000
  let due = now()
  const status: AuditStatus = {
    bootstrapped: false,
    running: false,
    last: null,
    driftTotal: 0,
    repairedTotal: 0,
    lastError: null,
  }

  async function step(signal: AbortSignal): Promise<void> {
    if (!trusted() || store.coverage.checkpoint() === undefined) return
    if (!status.bootstrapped) {
      const streams = await bootstrap(paced, signal)
      status.bootstrapped = true
      status.repairedTotal += streams
      if (streams > 0) log.info({ streams }, 'streams from before the log read from the chain')
    }
    const gaps = store.coverage.gaps().filter((gap) => !gap.repaired)
    if (gaps.length > 0) await fillGaps(gaps.length, signal)
    if (intervalSeconds > 0 && isDue()) {
      const began = now()
      await audit(signal)
      due = began + intervalMs
    }
  }

  function isDue(): boolean {
    const checkpoint = store.coverage.checkpoint()
    const lag = checkpoint === undefined ? 0 : checkpoint.tipLedger - checkpoint.ledger
    return now() >= (lag > NEAR_TIP_LEDGERS ? due + intervalMs : due)
  }

  async function fillGaps(gaps: number, signal: AbortSignal): Promise<void> {
    const streams = await repairGaps(paced, signal)
    if (streams === undefined) {
      throw new SourceError('refused', 'the chain has records that cannot be read')
    }
    status.repairedTotal += streams
    log.info({ gaps, streams }, 'streams that lost ledgers touched repaired from the chain')
  }

  async function audit(signal: AbortSignal): Promise<void> {
    const began = now()
    const report: AuditReport = {
      finishedAt: 0,
      ledger: 0,
      counts: Object.fromEntries(AUDIT_CLASSES.map((name) => [name, 0])) as AuditReport['counts'],
      repaired: 0,
      expiring: 0,
      drift: [],
    }
    for await (const rows of auditStreams(paced, 'all', signal)) take(rows, report)
    report.finishedAt = Math.floor(Date.now() / 1_000)
    status.last = report
    const { counts, ledger, expiring } = report
    const fields = { ...counts, ledger, expiring, elapsedMs: Math.round(now() - began) }
    const bad = counts.drift > 0 || expiring > 0
    if (bad) log.warn({ ...fields, repaired: report.repaired }, 'audited')
    else log.info(fields, 'audited')
  }

  function take(rows: readonly AuditRow[], report: AuditReport): void {
    for (const row of rows) {
      report.counts[row.class] += 1
      report.ledger = Math.max(report.ledger, row.ledger)
      if (isExpiring(row)) report.expiring += 1
      if (row.class !== 'drift') continue
      status.driftTotal += 1
      if (report.drift.length < MAX_SHOWN) report.drift.push(row)
      const { streamId, ledger, differences } = row
      log.warn({ streamId: streamId.toString(), ledger, differences }, 'drift')
    }
    const lifetimes = rows.filter(
      ({ streamId, liveUntilLedger }) =>
        (store.streams.byId(streamId.toString())?.liveUntilLedger ?? null) !== liveUntilLedger,
    )
    if (lifetimes.length > 0) store.writer.setLifetimes(lifetimes)
    const streams = repair(store, rows)
    report.repaired += streams
    status.repairedTotal += streams
  }

  /** Answers how long to rest. */
  async function attempt(signal: AbortSignal): Promise<number> {
    status.running = true
    const { repairedTotal } = status
    try {
      await step(signal)
      return pollMs
    } catch (error) {
      if (signal.aborted) return 0
      if (!(error instanceof SourceError)) throw error
      status.lastError = describe(error)
      const { fault, message: detail } = error
      log.warn({ fault, detail, delayMs: retryMs }, 'audit failed')
      return retryMs
    } finally {
      status.running = false
      // Once for all that this step has found.
      if (status.repairedTotal > repairedTotal) onRepaired()
    }
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        const delayMs = await attempt(signal)
        await sleep(delayMs, undefined, { signal }).catch(() => {})
      }
    },
    status: () => status,
  }
}

function isExpiring({ chain, liveUntilLedger, ledger }: AuditRow): boolean {
  if (liveUntilLedger === null || chain?.record.isActive !== true) return false
  return liveUntilLedger - ledger < EXPIRY_WARNING_LEDGERS
}

function describe({ fault, message }: SourceError): string {
  return `${fault}: ${message}`
}
