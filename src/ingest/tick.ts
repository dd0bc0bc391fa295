import { completeThrough, ledgerOf } from '../domain/cursor.ts'
import type { ContractEvent, RawEvent } from '../domain/event.ts'
import { SourceError, UsageError } from '../domain/errors.ts'
import type { LedgerPage, LedgerSource, PageStart } from '../source/source.ts'
import type { Applied, Writer } from '../store/apply.ts'
import type { Coverage } from '../store/coverage.ts'

/** Where a log that has no checkpoint yet begins. */
export type StartLedger = number | 'oldest' | 'latest'

export interface TickDeps {
  source: LedgerSource
  coverage: Coverage
  writer: Writer
  decode: (raw: RawEvent) => ContractEvent
  startLedger: StartLedger
}

/** Where the next page starts: behind the checkpoint, or where a new log is to begin. */
export async function nextStart(
  { source, coverage, startLedger }: TickDeps,
  signal: AbortSignal,
): Promise<PageStart> {
  const checkpoint = coverage.checkpoint()
  if (checkpoint !== undefined) return { after: checkpoint.cursor }
  const range = await source.range(signal)
  if (startLedger === 'oldest') return { startLedger: range.oldestLedger }
  if (startLedger === 'latest') return { startLedger: range.latestLedger }
  if (startLedger < range.oldestLedger) {
    throw new UsageError(
      `START_LEDGER is ${startLedger}, but the oldest ledger the RPC still has is ${range.oldestLedger}: set START_LEDGER to that number or a later one, or to "oldest"`,
    )
  }
  if (startLedger > range.latestLedger) {
    throw new SourceError('behind', `ledger ${startLedger}, where to start, has not closed yet`)
  }
  return { startLedger }
}

/**
 * The one step of ingestion after its page has come: decode, then log, streams, coverage and
 * checkpoint in one transaction. Running it again with the same page changes nothing. Throws when
 * the page would take the cursor backwards, for no source may do that.
 */
export function applyPage(
  { writer, decode }: TickDeps,
  start: PageStart,
  page: LedgerPage,
): Applied {
  if ('after' in start && page.cursor < start.after) {
    throw new Error(`the page after ${start.after} ended at ${page.cursor}, before it`)
  }
  return writer.apply({
    events: page.events.map((raw) => ({ raw, event: decode(raw) })),
    cursor: page.cursor,
    scannedFrom: 'after' in start ? completeThrough(start.after) + 1 : start.startLedger,
    closedAt: page.closedAt,
    tip: page.tip,
    oldest: page.oldest,
  })
}

/** Whether more than the page holds is at the source already. */
export function hasMore(page: LedgerPage): boolean {
  return page.full || completeThrough(page.cursor) < page.tip.ledger
}

/** Ledgers between a position and the tip. */
export function lag(cursor: string, tipLedger: number): number {
  return Math.max(0, tipLedger - ledgerOf(cursor))
}
