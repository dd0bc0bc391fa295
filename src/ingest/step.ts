import { completeThrough, ledgerOf } from '../domain/cursor.ts'
import type { Decode } from '../domain/event.ts'
import { SourceError, UsageError } from '../domain/errors.ts'
import { firstLedgerOf } from '../source/page-start.ts'
import type { LedgerPage, LedgerSource, PageStart } from '../source/source.ts'
import type { Applied, Writer } from '../store/write/writer.ts'
import type { Coverage, Identity } from '../store/read/coverage.ts'

/** Where a log that has no checkpoint yet begins. */
export type StartLedger = number | 'oldest' | 'latest'

export interface TickDeps {
  source: LedgerSource
  coverage: Coverage
  writer: Writer
  decode: Decode
  startLedger: StartLedger
  /** The network and contract that the log is of; a new file is bound to them by its first page. */
  identity: Identity
}

/** Where the next page starts: after the checkpoint, or where a new log is to begin. */
export async function nextStart(
  { source, coverage, startLedger }: TickDeps,
  signal: AbortSignal,
): Promise<PageStart> {
  const checkpoint = coverage.checkpoint()
  if (checkpoint !== undefined) return { after: checkpoint.cursor }
  const { oldest, latest } = await source.extent(signal)
  if (startLedger === 'oldest') return { startLedger: oldest }
  if (startLedger === 'latest') return { startLedger: latest }
  if (startLedger < oldest) {
    throw new UsageError(
      `START_LEDGER is ${startLedger}, but the oldest ledger that any RPC still has is ${oldest}: set START_LEDGER to that number or a later one, or to "oldest"`,
    )
  }
  if (startLedger > latest) {
    throw new SourceError('behind', `ledger ${startLedger}, where to start, has not closed yet`)
  }
  return { startLedger }
}

/**
 * The one transaction of ingestion: the events of a page, the streams they change, coverage and
 * checkpoint. Running it again with the same page changes nothing.
 */
export function applyPage(
  { writer, coverage, decode, identity }: TickDeps,
  start: PageStart,
  page: LedgerPage,
): Applied {
  const isBound = coverage.checkpoint() !== undefined && coverage.identity() !== undefined
  return writer.apply({
    events: page.events.map((raw) => ({ raw, event: decode(raw) })),
    cursor: page.cursor,
    scannedFrom: firstLedgerOf(start),
    closedAt: page.closedAt,
    tip: page.tip,
    oldest: page.oldest,
    identity: isBound ? undefined : identity,
  })
}

/**
 * Whether more than the page holds is at the source already. A page that brought nothing is
 * followed by a rest, whatever tip it names: without one, the source would be asked again at once.
 */
export function hasMore(start: PageStart, page: LedgerPage): boolean {
  if (page.full) return true
  return movedOn(start, page) && completeThrough(page.cursor) < page.tip.ledger
}

/** Whether the page ended after where it started. */
export function movedOn(start: PageStart, { cursor }: LedgerPage): boolean {
  return !('after' in start) || cursor > start.after
}

/** Ledgers between a position and the tip. */
export function lag(cursor: string, tipLedger: number): number {
  return Math.max(0, tipLedger - ledgerOf(cursor))
}
