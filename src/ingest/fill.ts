import { setTimeout as sleep } from 'node:timers/promises'
import { completeThrough, endOfLedger } from '../domain/cursor.ts'
import { SourceError } from '../domain/errors.ts'
import type { LedgerPage, PageStart } from '../source/source.ts'
import { uncovered } from '../store/coverage.ts'
import type { Interval } from '../store/coverage.ts'
import type { TickDeps } from './tick.ts'
import { backoff } from './verdict.ts'

export interface FillDeps extends Omit<TickDeps, 'startLedger'> {
  /** The first ledger that is wanted. */
  from: number
  random?: () => number
}

export interface Filled {
  /** Missing ledgers that were scanned now. */
  filled: Interval[]
  /** Missing ledgers that the source does not have either. */
  lost: Interval[]
  events: number
}

const PAGE_SIZE = 2_000
/** Faults in a row after which the source is given up: somebody is waiting at a terminal. */
const MAX_FAILURES = 8

/**
 * Scans the ledgers between `from` and the checkpoint that no page has covered, as far as the
 * source still has them. Their events land in order of id, the streams they touch are folded
 * anew, and the gaps they close are closed.
 */
export async function fillMissing(
  deps: FillDeps,
  signal: AbortSignal,
  onPage: (ledger: number, interval: Interval) => void = () => {},
): Promise<Filled> {
  const { source, coverage, writer, decode, from, random = Math.random } = deps
  const checkpoint = coverage.checkpoint()
  if (checkpoint === undefined) return { filled: [], lost: [], events: 0 }
  const wanted = { from, to: completeThrough(checkpoint.cursor) }
  const { oldestLedger } = await patiently(() => source.range(signal))
  const result: Filled = { filled: [], lost: [], events: 0 }
  for (const missing of uncovered(wanted, coverage.intervals())) {
    if (missing.from < oldestLedger) {
      result.lost.push({ from: missing.from, to: Math.min(missing.to, oldestLedger - 1) })
    }
    if (missing.to < oldestLedger) continue
    const interval = { from: Math.max(missing.from, oldestLedger), to: missing.to }
    result.events += await scan(interval)
    result.filled.push(interval)
  }
  return result

  async function scan(interval: Interval): Promise<number> {
    let events = 0
    let start: PageStart = { startLedger: interval.from }
    for (;;) {
      const at: PageStart = start
      const page = clip(await patiently(() => source.page(at, PAGE_SIZE, signal)), interval.to)
      const { accepted } = writer.apply({
        events: page.events.map((raw) => ({ raw, event: decode(raw) })),
        cursor: page.cursor,
        scannedFrom: 'after' in start ? completeThrough(start.after) + 1 : start.startLedger,
        closedAt: page.closedAt,
        tip: page.tip,
      })
      events += accepted
      onPage(completeThrough(page.cursor), interval)
      if (completeThrough(page.cursor) >= interval.to) return events
      start = { after: page.cursor }
    }
  }

  async function patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await ask()
      } catch (error) {
        const hopeless = !(error instanceof SourceError) || error.fault === 'outside_retention'
        if (hopeless || failures === MAX_FAILURES) throw error
        await sleep(backoff(error, failures, random), undefined, { signal })
      }
    }
  }
}

/** What of a page lies in the interval that is being filled. */
function clip(page: LedgerPage, lastLedger: number): LedgerPage {
  if (completeThrough(page.cursor) <= lastLedger) return page
  return {
    ...page,
    events: page.events.filter(({ ledger }) => ledger <= lastLedger),
    cursor: endOfLedger(lastLedger),
    full: false,
  }
}
