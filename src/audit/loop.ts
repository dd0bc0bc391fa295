/**
 * The audit compares the streams in the database with the contract's own storage on the chain, and
 * repairs what differs. It also reads what the log cannot know: streams older than the log, and
 * what lost events changed. It runs in the background, beside ingestion.
 *
 * - loop.ts          when to do what, retries, status
 * - full-audit.ts    one audit of all streams, and its report
 * - compare.ts       streams and their records on the chain, one call at a time
 * - judge.ts         compares one stream with its record
 * - bootstrap.ts     reads streams that are older than the log
 * - repair.ts        stores the chain's records: after drift, and after a gap
 * - chain-reader.ts  reads the contract's storage
 * - tokens.ts        reads what tokens say about themselves
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { SourceError } from '../domain/errors.ts'
import { NEVER_AUDITED } from '../domain/upstream.ts'
import type { AuditStatus } from '../domain/upstream.ts'
import { retry } from '../source/backoff.ts'
import type { RetryOptions } from '../source/backoff.ts'
import type { LedgerSource } from '../source/source.ts'
import { lagOf } from '../store/read/summary.ts'
import { bootstrap } from './bootstrap.ts'
import { auditAll } from './full-audit.ts'
import { repairGaps } from './repair.ts'
import type { RepairDeps } from './repair.ts'

export interface AuditLoopDeps extends RepairDeps {
  log: Logger
  /** From the start of one audit to the next. 0: no audits; bootstrap and gap repair still run. */
  intervalSeconds: number
  /** Whether the source has proved that it serves the chain of the log. */
  trusted(): boolean
  /** Called after streams have changed without an event. */
  onRepaired?(): void
  /** How often to look whether there is something to do. */
  pollMs?: number
  /** The pause after a call has failed too often. */
  retryMs?: number
  /** Milliseconds of a clock that never goes back. */
  now?: () => number
  random?: () => number
}

export interface AuditLoop {
  /** Runs until `signal` aborts. Rejects only if a promise of this program is broken. */
  run(signal: AbortSignal): Promise<void>
  status(): AuditStatus
}

const POLL_MS = 1_000
const RETRY_MS = 60_000
/** Failures in a row after which a call is given up. */
const MAX_FAILURES = 8
/** Between two calls: a thousand streams a second, a small load for any RPC. */
const PAUSE_MS = 200
/** With a larger lag most streams could not be compared: the audit waits one more interval. */
const NEAR_TIP_LEDGERS = 20

export function createAuditLoop(deps: AuditLoopDeps): AuditLoop {
  const { store, log, intervalSeconds, trusted, pollMs = POLL_MS, retryMs = RETRY_MS } = deps
  const { now = () => performance.now(), random = Math.random, onRepaired = () => {} } = deps
  const source = withRetries(deps.source, { random, maxFailures: MAX_FAILURES, onFailure })
  const paced = { ...deps, source, pauseMs: deps.pauseMs ?? PAUSE_MS }
  const intervalMs = intervalSeconds * 1_000
  let due = now()
  const status: AuditStatus = { ...NEVER_AUDITED }

  function onFailure(error: SourceError, retrying: { failures: number; delayMs: number }): void {
    status.lastError = describe(error)
    log.debug({ fault: error.fault, detail: error.message, ...retrying }, 'audit call failed')
  }

  /** Does what is due now. */
  async function work(signal: AbortSignal): Promise<void> {
    if (!trusted() || store.coverage.checkpoint() === undefined) return
    if (!status.bootstrapped) {
      const streams = await bootstrap(paced, signal)
      status.bootstrapped = true
      status.repairedTotal += streams
      if (streams > 0) log.info({ streams }, 'streams from before the log read from the chain')
    }
    const gaps = store.coverage.gaps().filter((gap) => !gap.repaired).length
    if (gaps > 0) {
      const streams = await repairGaps(paced, signal)
      status.repairedTotal += streams
      log.info({ gaps, streams }, 'streams repaired from the chain after a gap')
    }
    if (intervalSeconds > 0 && isDue()) {
      const began = now()
      await audit(signal)
      due = began + intervalMs
    }
  }

  function isDue(): boolean {
    const checkpoint = store.coverage.checkpoint()
    const isNearTip = checkpoint === undefined || lagOf(checkpoint) <= NEAR_TIP_LEDGERS
    return now() >= (isNearTip ? due : due + intervalMs)
  }

  async function audit(signal: AbortSignal): Promise<void> {
    const began = now()
    const report = await auditAll({ ...paced, onFound }, signal)
    status.last = report
    const { counts, ledger, expiring, repaired } = report
    const fields = { ...counts, ledger, expiring, elapsedMs: Math.round(now() - began) }
    if (counts.drift > 0 || expiring > 0) log.warn({ ...fields, repaired }, 'audited')
    else log.info(fields, 'audited')
  }

  function onFound(found: { drift: number; repaired: number }): void {
    status.driftTotal += found.drift
    status.repairedTotal += found.repaired
  }

  /** Returns how long to pause. */
  async function attempt(signal: AbortSignal): Promise<number> {
    status.running = true
    const { repairedTotal } = status
    try {
      await work(signal)
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
      // Only once, however many streams were repaired: subscribers get a reset for it.
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

/** A long audit must not start again because one call failed. */
function withRetries(source: LedgerSource, options: RetryOptions): LedgerSource {
  return {
    ...source,
    entries: (keys, signal) => retry(() => source.entries(keys, signal), options, signal),
    ledger: (sequence, signal) => retry(() => source.ledger(sequence, signal), options, signal),
  }
}

function describe({ fault, message }: SourceError): string {
  return `${fault}: ${message}`
}
