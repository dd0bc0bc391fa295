import { requireContract } from '../config/config.ts'
import type { Config } from '../config/config.ts'
import { openSource } from '../daemon/open-source.ts'
import { createDecoder } from '../decode/decode.ts'
import { fillMissing } from '../ingest/fill.ts'
import type { Filled } from '../ingest/fill.ts'
import { createIngest } from '../ingest/ingest.ts'
import type { LedgerSource } from '../source/source.ts'
import type { Interval } from '../store/read/coverage.ts'
import { claimStore, openStore } from '../store/store.ts'
import type { WritableStore } from '../store/store.ts'
import { showCatchingUp, showFilling } from './progress.ts'
import { createLogger, say } from './terminal.ts'
import type { Terminal } from './terminal.ts'

export interface SyncOptions {
  /** Also fill what is missing since this ledger. */
  from?: number
  /** Seconds without progress after which to give up. */
  timeout: number
}

/** Nobody reads the log meanwhile: commits may be rare. */
const TRANSACTION = { events: 40_000, milliseconds: 10_000 }
const DONE = 0
const GAVE_UP = 1

/**
 * Catches up with the tip that the RPC has now, then ends. Answers the exit code: 1 when there was
 * no progress for so long that it gave up.
 */
export async function sync(
  config: Config,
  options: SyncOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const contractId = requireContract(config)
  const identity = { networkPassphrase: config.networkPassphrase, contractId }
  const source = await openSource(config, createLogger(terminal, 'warn', terminal.err))
  const store = openStore(config.databasePath, createDecoder())
  const patience = createPatience(options.timeout * 1_000)
  const work: Work = {
    source,
    store,
    terminal,
    progressed: patience.renew,
    lastError: () => null,
    signal: AbortSignal.any([signal, patience.signal]),
  }
  try {
    claimStore(store, config.databasePath, identity)
    store.expectBacklog()
    await catchUp(work, config, identity)
    if (options.from !== undefined && !work.signal.aborted) await fill(work, options.from)
    if (!patience.signal.aborted) return DONE
    terminal.err.write(gaveUp(options.timeout, work.lastError()))
    return GAVE_UP
  } finally {
    patience.end()
    await source.close()
    store.close()
  }
}

interface Work {
  source: LedgerSource
  store: WritableStore
  terminal: Terminal
  progressed(): void
  /** Why there is no progress. */
  lastError: () => string | null
  signal: AbortSignal
}

async function catchUp(
  work: Work,
  { startLedger }: Config,
  identity: { networkPassphrase: string; contractId: string },
): Promise<void> {
  const { source, store, terminal, signal } = work
  const { coverage, writer } = store
  const progress = showCatchingUp(terminal, coverage.checkpoint()?.ledger)
  let fetched = 0
  let events = 0
  const ingest = createIngest({
    source,
    coverage,
    writer,
    decode: createDecoder(),
    startLedger,
    identity,
    log: createLogger(terminal, 'warn', terminal.err),
    onApplied() {},
    onFetched(page) {
      work.progressed()
      fetched += page.events.length
      progress.update(page, fetched)
    },
    limits: TRANSACTION,
  })
  work.lastError = () => ingest.status().lastError
  const began = performance.now()
  await ingest.catchUp(signal, (_page, accepted) => {
    events += accepted
  })
  progress.stop()
  const at = coverage.checkpoint()
  const seconds = (performance.now() - began) / 1_000
  const rate = `${events} new events in ${seconds.toFixed(1)} s (${Math.round(events / seconds)} events/s)`
  const outcome = signal.aborted ? 'stopped' : 'caught up'
  say(
    terminal,
    at === undefined ? 'nothing was indexed' : `${outcome} at ledger ${at.ledger}: ${rate}`,
  )
}

async function fill(work: Work, from: number): Promise<void> {
  const { source, store, terminal, signal } = work
  const { coverage, writer } = store
  const progress = showFilling(terminal)
  let ledgers = 0
  let events = 0
  const deps = {
    source,
    coverage,
    writer,
    decode: createDecoder(),
    from,
    onFault(error: Error) {
      work.lastError = () => error.message
    },
  }
  const filled = await fillMissing(deps, signal, (block, left) => {
    work.progressed()
    ledgers += block.to - block.from + 1
    events += block.accepted
    progress.update(block.from, ledgers, left, events)
  })
  progress.stop()
  say(terminal, describeFilled(filled, signal.aborted))
}

function describeFilled({ filled, lost, events }: Filled, isStopped: boolean): string {
  const lines = [
    filled.length === 0
      ? 'nothing was missing that the RPC has'
      : `filled ledgers ${ranges(filled)}: ${events} new events`,
  ]
  if (isStopped) lines.push('stopped before everything was filled; run it again to go on')
  if (lost.length > 0) {
    lines.push(
      `still missing: ledgers ${ranges(lost)}, which this RPC has forgotten; try RPC_URL of one that keeps more`,
    )
  }
  return lines.join('\n')
}

function ranges(intervals: readonly Interval[]): string {
  return intervals.map(({ from, to }) => `${from}–${to}`).join(', ')
}

function gaveUp(seconds: number, lastError: string | null): string {
  const why = lastError === null ? '' : ` The last error was: ${lastError}.`
  return `flowfi-indexer: no progress for ${seconds} s.${why} Check RPC_URL, then run sync again: it goes on where it stopped\n`
}

/** Aborts when it was not renewed for so long. */
function createPatience(milliseconds: number) {
  const givingUp = new AbortController()
  const timer = setTimeout(() => givingUp.abort(new Error('no progress')), milliseconds)
  return {
    signal: givingUp.signal,
    renew: () => void timer.refresh(),
    end: () => clearTimeout(timer),
  }
}
