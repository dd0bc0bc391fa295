import { requireContract } from '../config/config.ts'
import type { Config } from '../config/config.ts'
import { openLog } from '../daemon/open-log.ts'
import type { OpenLog } from '../daemon/open-log.ts'
import { openSource } from '../daemon/open-source.ts'
import type { Block } from '../ingest/blocks.ts'
import { fillMissing } from '../ingest/fill.ts'
import type { Filled } from '../ingest/fill.ts'
import { createIngest } from '../ingest/ingest.ts'
import type { LedgerSource } from '../source/source.ts'
import type { Identity, Interval } from '../store/read/coverage.ts'
import type { Invocation } from './invocation.ts'
import { showCatchingUp, showFilling } from './progress.ts'
import { createLogger, say } from './terminal.ts'
import type { Terminal } from './terminal.ts'

export interface SyncOptions {
  /** Also fill what is missing since this ledger. */
  from?: number
  /** Seconds without progress after which to give up. */
  timeout: number
}

/** There are no readers to wait for the log, so a few large commits are best. */
const TRANSACTION = { events: 40_000, milliseconds: 10_000 }
const DONE = 0
const GAVE_UP = 1

/**
 * Catches up with the tip that the RPC has now. Returns the exit code: 1 if it gave up because there
 * was no progress.
 */
export async function sync(invocation: Invocation, options: SyncOptions): Promise<number> {
  const { config, terminal, signal } = invocation
  const contractId = requireContract(config)
  const source = await openSource(
    config,
    createLogger(terminal, { level: 'warn', stream: terminal.err }),
  )
  let log: OpenLog | undefined
  const patience = createPatience(options.timeout * 1_000)
  try {
    log = openLog({ ...config, contractId })
    log.store.expectBacklog()
    const work: Work = {
      ...log,
      source,
      terminal,
      progressed: patience.renew,
      lastError: () => null,
      signal: AbortSignal.any([signal, patience.signal]),
    }
    await catchUp(work, { ...config, contractId })
    if (options.from !== undefined && !work.signal.aborted) await fill(work, options.from)
    if (!patience.signal.aborted) return DONE
    terminal.err.write(gaveUp(options.timeout, work.lastError()))
    return GAVE_UP
  } finally {
    patience.end()
    await source.close()
    log?.store.close()
  }
}

interface Work extends OpenLog {
  source: LedgerSource
  terminal: Terminal
  progressed(): void
  /** Why there is no progress. */
  lastError: () => string | null
  signal: AbortSignal
}

async function catchUp(work: Work, config: Config & Identity): Promise<void> {
  const { source, store, decode, terminal, signal } = work
  const { coverage, writer } = store
  const { contractId, networkPassphrase, startLedger } = config
  const progress = showCatchingUp(terminal, coverage.checkpoint()?.ledger)
  let fetched = 0
  let accepted = 0
  const ingest = createIngest({
    source,
    coverage,
    writer,
    decode,
    startLedger,
    identity: { networkPassphrase, contractId },
    log: createLogger(terminal, { level: 'warn', stream: terminal.err }),
    onApplied() {},
    onFetched(page) {
      work.progressed()
      fetched += page.events.length
      progress.update({ page, events: fetched })
    },
    limits: TRANSACTION,
  })
  work.lastError = () => ingest.status().lastError
  const began = performance.now()
  await ingest.catchUp((_page, count) => void (accepted += count), signal)
  progress.stop()
  const at = coverage.checkpoint()
  const seconds = (performance.now() - began) / 1_000
  const rate = `${accepted} new events in ${seconds.toFixed(1)} s (${Math.round(accepted / seconds)} events/s)`
  const outcome = signal.aborted ? 'stopped' : 'caught up'
  say(
    terminal,
    at === undefined ? 'nothing was indexed' : `${outcome} at ledger ${at.ledger}: ${rate}`,
  )
}

async function fill(work: Work, from: number): Promise<void> {
  const { source, store, decode, terminal, signal } = work
  const { coverage, writer } = store
  const progress = showFilling(terminal)
  let done = 0
  let events = 0
  const deps = {
    source,
    coverage,
    writer,
    decode,
    from,
    onFault(error: Error) {
      work.lastError = () => error.message
    },
    onBlock(block: Block, left: number) {
      work.progressed()
      done += block.to - block.from + 1
      events += block.accepted
      progress.update({ ledger: block.from, done, left, events })
    },
  }
  const filled = await fillMissing(deps, signal)
  progress.stop()
  say(terminal, describeFilled(filled, signal.aborted))
}

function describeFilled({ filled, lost, events }: Filled, isStopped: boolean): string {
  const lines = [
    filled.length === 0
      ? 'nothing to fill'
      : `filled ledgers ${ranges(filled)}: ${events} new events`,
  ]
  if (isStopped) lines.push('stopped before everything was filled; run it again to continue')
  if (lost.length > 0) {
    lines.push(
      `still missing: ledgers ${ranges(lost)}, which this RPC no longer has; try RPC_URL of one that keeps more`,
    )
  }
  return lines.join('\n')
}

function ranges(intervals: readonly Interval[]): string {
  return intervals.map(({ from, to }) => `${from}–${to}`).join(', ')
}

function gaveUp(seconds: number, lastError: string | null): string {
  const why = lastError === null ? '' : ` The last error was: ${lastError}.`
  return `flowfi-indexer: no progress for ${seconds} s.${why} Check RPC_URL, then run sync again: it continues where it stopped\n`
}

/** Aborts its signal when it has not been renewed for this long. */
function createPatience(milliseconds: number) {
  const givingUp = new AbortController()
  const timer = setTimeout(() => givingUp.abort(new Error('no progress')), milliseconds)
  return {
    signal: givingUp.signal,
    renew: () => void timer.refresh(),
    end: () => clearTimeout(timer),
  }
}
