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
  /** The first ledger to fill. */
  from: number
  random?: () => number
  /** Called for each fault of the source before it is asked again. */
  onFault?: (error: SourceError) => void
  /** Called after each commit with the block and how many ledgers are left. */
  onBlock?: (block: Block, leftLedgers: number) => void
}

export interface Filled {
  /** Missing ledgers that were scanned now, in order. */
  filled: Interval[]
  /** Missing ledgers that the source does not have either, in order. */
  lost: Interval[]
  events: number
}

/**
 * Fills the ledgers between `from` and the checkpoint that were never scanned, as far as the source
 * still has them. It goes from the newest missing ledger to the oldest. The source is asked again
 * until it answers. If the signal aborts, everything up to the last whole block stays.
 */
export async function fillMissing(deps: FillDeps, signal: AbortSignal): Promise<Filled> {
  const { source, coverage, from, onFault, onBlock } = deps
  const { sleep = realClock.sleep, random = Math.random } = deps
  const blocks = createBlockFiller(deps)
  const filled: Interval[] = []
  let events = 0
  /** The oldest ledger that the source has; undefined if it must be asked. */
  let oldest: number | undefined
  const retrying: RetryOptions = {
    random,
    sleep,
    onFailure(error) {
      onFault?.(error)
      // The source has dropped more ledgers meanwhile.
      if (REACTIONS[error.fault].countsTowardsGap) oldest = undefined
    },
  }

  /** The ledgers that were never scanned, in order. */
  function missing(): Interval[] {
    const checkpoint = coverage.checkpoint()
    if (checkpoint === undefined) return []
    return uncovered({ from, to: completeThrough(checkpoint.cursor) }, coverage.intervals())
  }

  /** Fills one block; false if nothing is left that the source has. */
  async function fillBlock(): Promise<boolean> {
    oldest ??= (await source.extent(signal)).oldest
    const wanted = partsFrom(oldest, missing())
    const top = wanted.at(-1)
    if (top === undefined) return false
    const block = await blocks.fillTop(top, signal)
    filled.unshift({ from: block.from, to: block.to })
    events += block.accepted
    onBlock?.(block, ledgersOf(partsFrom(oldest, missing())))
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

/** The parts of the intervals from `oldest` on. */
function partsFrom(oldest: number, intervals: readonly Interval[]): Interval[] {
  return intervals
    .filter(({ to }) => to >= oldest)
    .map(({ from, to }) => ({ from: Math.max(from, oldest), to }))
}

function ledgersOf(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, { from, to }) => sum + to - from + 1, 0)
}

/** Ordered intervals; those that touch are joined. */
function joined(intervals: readonly Interval[]): Interval[] {
  const result: Interval[] = []
  for (const { from, to } of intervals) {
    const last = result.at(-1)
    if (last !== undefined && last.to + 1 === from) last.to = to
    else result.push({ from, to })
  }
  return result
}
