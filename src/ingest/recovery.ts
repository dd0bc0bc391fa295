import type { Logger } from 'pino'
import type { Clock } from '../domain/clock.ts'
import { SourceError, UsageError } from '../domain/errors.ts'
import { REACTIONS } from '../domain/faults.ts'
import type { Fault } from '../domain/faults.ts'
import { backoff } from '../source/backoff.ts'
import { declareGap } from './gap.ts'
import type { GapDeps } from './gap.ts'
import type { PageReader } from './pages.ts'
import type { Pace } from './pace.ts'
import type { SourceMonitor } from './source-monitor.ts'
import { verdict } from './verdict.ts'

export interface RecoveryDeps extends GapDeps {
  log: Logger
  pages: PageReader
  pace: Pace
  monitor: SourceMonitor
  sleep: Clock['sleep']
  random: () => number
  /** Whether the source has proved that it serves the right network. */
  isNetworkConfirmed(): boolean
  /** Called after a commit. */
  onApplied(): void
  onFault(fault: Fault): void
}

/**
 * Acts on the error that ended a step, so that the step can be run again: waits, asks for less, or
 * declares a gap. Throws what waiting cannot repair: a broken promise of this program, and a
 * UsageError for a mistake in the configuration.
 */
export type Recover = (error: unknown, signal: AbortSignal) => Promise<void>

export function createRecovery(deps: RecoveryDeps): Recover {
  const { coverage, log, pages, pace, monitor, sleep, random } = deps

  /** A refusal before anything was answered or indexed is a mistake in the configuration. */
  function isMistake({ fault }: SourceError): boolean {
    if (fault !== 'refused' || monitor.hasAnswered()) return false
    return !deps.isNetworkConfirmed() || coverage.checkpoint() === undefined
  }

  function note(error: SourceError): void {
    const wasAlarmed = monitor.status().alarm !== null
    monitor.failed(error)
    pages.failed(error)
    deps.onFault(error.fault)
    const { alarms } = REACTIONS[error.fault]
    if (alarms && !wasAlarmed) log.error({ detail: error.message }, 'history changed')
  }

  /** False if the source does not show what comes after the gap. */
  async function gapDeclared(error: SourceError, signal: AbortSignal): Promise<boolean> {
    try {
      return await declareGap(deps, error, signal)
    } catch (cause) {
      if (!(cause instanceof SourceError)) throw cause
      return false
    }
  }

  return async (error, signal) => {
    const what = verdict(error)
    if (!(error instanceof SourceError) || what === 'halt') throw error
    if (isMistake(error)) throw new UsageError(error.message, { cause: error })
    note(error)
    if (what === 'lost' && (await gapDeclared(error, signal))) return deps.onApplied()
    const failures = monitor.failures()
    const delayMs = backoff(error, failures, { random, longestMs: pace.patienceMs() })
    const { endpoint, fault, message: detail } = error
    const level = isWorthAWarning(failures) ? 'warn' : 'debug'
    log[level]({ endpoint, fault, detail, failures, delayMs }, 'source failed')
    await sleep(delayMs, signal)
  }
}

/** The 1st, 2nd, 4th, 8th … failure in a row: an outage of hours fills no log. */
function isWorthAWarning(failures: number): boolean {
  return Number.isInteger(Math.log2(failures))
}
