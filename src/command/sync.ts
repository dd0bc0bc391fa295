import { SingleBar } from 'cli-progress'
import { requireContract } from '../config.ts'
import type { Config } from '../config.ts'
import { createDecoder } from '../decode/decode.ts'
import { completeThrough } from '../domain/cursor.ts'
import { fillMissing } from '../ingest/fill.ts'
import type { Filled } from '../ingest/fill.ts'
import { createIngest } from '../ingest/ingest.ts'
import type { LedgerPage } from '../source/source.ts'
import type { Interval } from '../store/coverage.ts'
import { claimStore, openStore } from '../store/store.ts'
import { openSource } from '../daemon/open-source.ts'
import { createLogger, say } from './terminal.ts'
import type { Terminal } from './terminal.ts'

/** Catches up with the tip that the RPC has now, then ends. */
export async function sync(
  config: Config,
  { from: fillFrom }: { from?: number },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const contractId = requireContract(config)
  const logger = createLogger(terminal, 'warn', terminal.err)
  const source = await openSource(config, logger)
  const decode = createDecoder()
  const store = openStore(config.databasePath, decode)
  try {
    claimStore(store, config.databasePath, { ...config, contractId })
    const ingest = createIngest({
      source,
      coverage: store.coverage,
      writer: store.writer,
      decode,
      startLedger: config.startLedger,
      identity: { networkPassphrase: config.networkPassphrase, contractId },
      log: logger,
      onApplied: () => {},
    })
    const since = store.coverage.checkpoint()?.ledger
    const progress = createProgress(terminal, since)
    const began = performance.now()
    let events = 0
    await ingest.catchUp(signal, (page, accepted) => {
      events += accepted
      progress.update(page, events)
    })
    progress.stop()
    const at = store.coverage.checkpoint()
    const seconds = (performance.now() - began) / 1_000
    const pace = `${Math.round(events / seconds)} events/s`
    say(
      terminal,
      at === undefined
        ? 'nothing was indexed'
        : `${signal.aborted ? 'stopped' : 'caught up'} at ledger ${at.ledger}: ${events} new events in ${seconds.toFixed(1)} s (${pace})`,
    )
    if (fillFrom !== undefined) {
      const { coverage, writer } = store
      const done = await fillMissing({ source, coverage, writer, decode, from: fillFrom }, signal)
      say(terminal, describeFilled(done))
    }
  } finally {
    await source.close()
    store.close()
  }
}

function describeFilled({ filled, lost, events }: Filled): string {
  const lines = [
    filled.length === 0
      ? 'nothing was missing that the RPC has'
      : `filled ledgers ${ranges(filled)}: ${events} new events`,
  ]
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

interface Progress {
  update(page: LedgerPage, events: number): void
  stop(): void
}

function createProgress(terminal: Terminal, from: number | undefined): Progress {
  if (!terminal.interactive) return { update: () => {}, stop: () => {} }
  const bar = new SingleBar({
    format: ' {bar} {percentage}%  ledger {ledger} of {tip}  {rate} events/s  ETA {eta_formatted}',
    hideCursor: true,
    stream: terminal.err,
  })
  const began = performance.now()
  let first = from
  return {
    update(page, events) {
      const ledger = completeThrough(page.cursor)
      first ??= page.oldest?.ledger ?? ledger
      const rate = Math.round((events * 1_000) / (performance.now() - began))
      const payload = { ledger, tip: page.tip.ledger, rate }
      const total = Math.max(1, page.tip.ledger - first)
      if (!bar.isActive) bar.start(total, 0, payload)
      bar.setTotal(total)
      bar.update(Math.max(0, ledger - first), payload)
    },
    stop: () => bar.stop(),
  }
}
