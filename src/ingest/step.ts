import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logger } from 'pino'
import { completeThrough, ledgerOf } from '../domain/cursor.ts'
import type { Decode } from '../domain/event.ts'
import type { LedgerPage, LedgerSource } from '../source/source.ts'
import { firstLedgerOf } from '../source/page-start.ts'
import type { Coverage, Identity } from '../store/read/coverage.ts'
import { lagOf } from '../store/read/summary.ts'
import type { SharedWriter } from '../store/write/writer.ts'
import { createPageBatch } from './batch.ts'
import type { BatchLimits, PageBatch } from './batch.ts'
import { rememberHash } from './history.ts'
import type { PageReader } from './pages.ts'
import { createRunwayWatch } from './runway.ts'

export interface StepDeps {
  source: LedgerSource
  pages: PageReader
  coverage: Coverage
  writer: SharedWriter
  decode: Decode
  /** The network and contract of the log: its first page binds a new file to them. */
  identity: Identity
  log: Logger
  now(): number
  limits: BatchLimits
  /** Called after each commit that changed the log. */
  onApplied(): void
  /** Called with the seconds that a commit took. */
  onCommitted(seconds: number): void
}

/** Called after each commit with the page it ended with and how many events were new. */
export type OnPage = (page: LedgerPage, accepted: number) => void

/** One step of ingestion: from the checkpoint to the tip. Throws SourceError. */
export type Step = (onPage: OnPage, signal: AbortSignal) => Promise<void>

export function createStep(deps: StepDeps): Step {
  const { source, pages, coverage, writer, decode, identity, log, now, limits } = deps
  const history = { source, coverage, writer, log }
  const watchRunway = createRunwayWatch(log)

  /**
   * Pages are fetched until the tip is reached, collected, and committed together. A step that
   * fails is simply run again: it goes on after the last commit.
   */
  async function step(onPage: OnPage, signal: AbortSignal): Promise<void> {
    const batch = createPageBatch(limits, now)
    try {
      for await (const fetched of pages.toTip(signal)) {
        batch.add(fetched)
        if (batch.isDue(now())) {
          await commit(batch, onPage)
          // A first catch-up is long: the chain must be recognised if it fails half-way.
          if (coverage.hashes().length === 0) await rememberHash(history, signal)
        }
        await nextTurn()
      }
    } finally {
      // A source that fails every few pages must not keep the checkpoint from moving.
      if (!signal.aborted) await commit(batch, onPage)
    }
    await rememberHash(history, signal)
  }

  /**
   * The one transaction: events, the streams they change, coverage and checkpoint. Committing the
   * same pages again changes nothing.
   */
  async function commit(batch: PageBatch, onPage: OnPage): Promise<void> {
    const collected = batch.take()
    if (collected === undefined) return
    const { start, page } = collected
    const isBound = coverage.checkpoint() !== undefined && coverage.identity() !== undefined
    const began = now()
    const { accepted, moved } = await writer.apply({
      events: page.events.map((raw) => ({ raw, event: decode(raw) })),
      cursor: page.cursor,
      scannedFrom: firstLedgerOf(start),
      closedAt: page.closedAt,
      tip: page.tip,
      oldest: page.oldest,
      identity: isBound ? undefined : identity,
    })
    const elapsedMs = now() - began
    deps.onCommitted(elapsedMs / 1_000)
    report(page, { accepted, elapsedMs })
    if (moved || accepted > 0) deps.onApplied()
    onPage(page, accepted)
  }

  function report(page: LedgerPage, committed: { accepted: number; elapsedMs: number }): void {
    const { cursor, tip } = page
    const { accepted, elapsedMs } = committed
    const ledger = completeThrough(cursor)
    watchRunway(ledger, page)
    const lagLedgers = lagOf({ ledger: ledgerOf(cursor), tipLedger: tip.ledger })
    const fields = { ledger, accepted, lagLedgers, elapsedMs: Math.round(elapsedMs) }
    if (accepted > 0) log.info(fields, 'applied')
    else log.debug(fields, 'applied')
  }

  return step
}
