import type { Logger } from 'pino'
import { SourceError } from '../domain/errors.ts'
import type { Coverage, Interval } from '../store/read/coverage.ts'
import { createBlockFiller } from './blocks.ts'
import type { BlockDeps } from './blocks.ts'

export interface HealerDeps extends BlockDeps {
  coverage: Coverage
  log: Logger
  now(): number
  /** Called after each commit. */
  onApplied(): void
}

/**
 * Fills open gaps: an RPC that is added later may still have their ledgers. The source is asked
 * every minute, in the pauses between two polls.
 */
export interface Healer {
  /**
   * Fills one block of the open gaps, if it is time to ask and the source has ledgers of them.
   * Returns whether there may be more to fill at once. A fault of the source is not thrown.
   */
  fillNext(signal: AbortSignal): Promise<boolean>
  /** The oldest ledger that an answer named. If it is lower than before, the source is asked now. */
  sawOldest(ledger: number | undefined): void
}

const ASK_EVERY_MS = 60_000

export function createHealer(deps: HealerDeps): Healer {
  const { source, coverage, log, now, onApplied } = deps
  const blocks = createBlockFiller(deps)
  let askedAt = Number.NEGATIVE_INFINITY
  /** The oldest ledger that the source has; known only while gaps are being filled. */
  let oldest: number | undefined
  /** The lowest oldest ledger since the source was asked. */
  let lowestSeen = Number.POSITIVE_INFINITY
  /** Whether that was lower than what the source answered. */
  let isNews = false

  /** The highest part of an open gap that the source has. */
  function fillable(oldestLedger: number): Interval | undefined {
    const gap = coverage.gaps().findLast(({ to }) => to >= oldestLedger)
    return gap && { from: Math.max(gap.from, oldestLedger), to: gap.to }
  }

  async function askOldest(signal: AbortSignal): Promise<number> {
    askedAt = now()
    isNews = false
    const range = await source.range(signal)
    lowestSeen = range.oldest
    return range.oldest
  }

  async function fill(signal: AbortSignal): Promise<boolean> {
    oldest ??= await askOldest(signal)
    const missing = fillable(oldest)
    if (missing === undefined) return false
    const { from, to, accepted } = await blocks.fillTop(missing, signal)
    log.info({ from, to, accepted }, 'lost ledgers found again')
    onApplied()
    return fillable(oldest) !== undefined
  }

  return {
    async fillNext(signal) {
      const isDue =
        now() - askedAt >= ASK_EVERY_MS || (isNews && fillable(lowestSeen) !== undefined)
      if (coverage.gaps().length === 0 || (oldest === undefined && !isDue)) return false
      try {
        if (await fill(signal)) return true
      } catch (error) {
        if (signal.aborted) return false
        if (!(error instanceof SourceError)) throw error
        log.debug({ fault: error.fault, detail: error.message }, 'gap not filled')
      }
      oldest = undefined
      return false
    },
    sawOldest(ledger) {
      if (ledger === undefined || ledger >= lowestSeen) return
      lowestSeen = ledger
      isNews = true
    },
  }
}
