import { completeThrough } from '../domain/cursor.ts'
import { realClock } from '../domain/clock.ts'
import type { Clock } from '../domain/clock.ts'
import type { SourceError } from '../domain/errors.ts'
import { REACTIONS } from '../domain/faults.ts'
import { retry } from '../source/backoff.ts'
import type { RetryOptions } from '../source/backoff.ts'
import { uncovered } from '../store/read/coverage.ts'
import type { Coverage, Interval } from '../store/read/coverage.ts'
import { createBlockFiller } from './blocks.ts'
import type { Block, BlockDeps } from './blocks.ts'

export interface FillDeps extends BlockDeps, Partial<Clock> {
  coverage: Coverage
  /** The first ledger that is wanted. */
  from: number
  random?: () => number
  /** A fault of the source, which will be asked again. */
  onFault?: (error: SourceError) => void
}

export interface Filled {
  /** Missing ledgers that were scanned now, in order. */
  filled: Interval[]
  /** Missing ledgers that the source does not have either, in order. */
  lost: Interval[]
  events: number
}

/** Told after each commit: the block, and how many ledgers are still to come. */
export type OnBlock = (block: Block, leftLedgers: number) => void

/**
 * Scans the ledgers between `from` and the checkpoint that no page has covered, as far as the
 * source still has them: first those above the log's floor, then downwards from the floor. Events
 * land in order of id, the streams they touch are folded again, and gaps close. The source is asked
 * again until it answers or the signal aborts, which ends the work after the last whole block.
 */
export async function fillMissing(
  deps: FillDeps,
  signal: AbortSignal,
  onBlock: OnBlock = () => {},
): Promise<Filled> {
  const { source, coverage, from, onFault, random = Math.random } = deps
  const { sleep = realClock.sleep } = deps
  const blocks = createBlockFiller(deps)
  const filled: Interval[] = []
  let events = 0
  /** The oldest ledger that the source has; undefined: to be asked. */
  let oldest: number | undefined
  const retrying: RetryOptions = {
    random,
    sleep,
    onFailure(error) {
      onFault?.(error)
      // The retention window has moved on.
      if (REACTIONS[error.fault].countsTowardsGap) oldest = undefined
    },
  }

  /** What is not covered, in order. */
  function missing(): Interval[] {
    const checkpoint = coverage.checkpoint()
    if (checkpoint === undefined) return []
    return uncovered({ from, to: completeThrough(checkpoint.cursor) }, coverage.intervals())
  }

  /** Fills one block; false when nothing is left that the source has. */
  async function fillBlock(): Promise<boolean> {
    oldest ??= (await source.extent(signal)).oldest
    const wanted = present(missing(), oldest)
    const top = wanted.at(-1)
    if (top === undefined) return false
    const block = await blocks.fillTop(top, signal)
    filled.unshift({ from: block.from, to: block.to })
    events += block.accepted
    onBlock(block, ledgersOf(present(missing(), oldest)))
    return true
  }

  try {
    let hasMore = true
    while (hasMore && !signal.aborted) hasMore = await retry(fillBlock, retrying, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return { filled: joined(filled), lost: signal.aborted ? [] : missing(), events }
}

/** What of these intervals begins at `oldest` or later. */
function present(intervals: readonly Interval[], oldest: number): Interval[] {
  return intervals
    .filter(({ to }) => to >= oldest)
    .map(({ from, to }) => ({ from: Math.max(from, oldest), to }))
}

function ledgersOf(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, { from, to }) => sum + to - from + 1, 0)
}

/** Ordered intervals, those that touch made one. */
function joined(intervals: readonly Interval[]): Interval[] {
  const whole: Interval[] = []
  for (const { from, to } of intervals) {
    const last = whole.at(-1)
    if (last !== undefined && last.to + 1 === from) last.to = to
    else whole.push({ from, to })
  }
  return whole
}
