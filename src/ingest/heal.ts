import type { Logger } from 'pino'
import { SourceError } from '../domain/errors.ts'
import type { Coverage, Interval } from '../store/read/coverage.ts'
import { createBlockFiller } from './blocks.ts'
import type { BlockDeps } from './blocks.ts'

export interface HealerDeps extends BlockDeps {
  coverage: Coverage
  log: Logger
  now(): number
  /** After every commit. */
  onApplied(): void
}

/**
 * Gaps heal by themselves: another RPC, or one that keeps more, may have the ledgers one day. The
 * source is asked for them every minute, in the pauses between two polls.
 */
export interface Healer {
  /**
   * Fills one block of the open gaps, if it is time to ask and the source has some. Answers
   * whether there may be more to do at once. Throws only when a promise of our own is broken.
   */
  step(signal: AbortSignal): Promise<boolean>
  /** An answer has named this as the oldest ledger that there is: it may be worth asking now. */
  sawOldest(ledger: number | undefined): void
}

const ASK_EVERY_MS = 60_000

export function createHealer(deps: HealerDeps): Healer {
  const { source, coverage, log, now, onApplied } = deps
  const blocks = createBlockFiller(deps)
  let askedAt = Number.NEGATIVE_INFINITY
  /** While gaps are being filled: the oldest ledger that the source has. */
  let oldest: number | undefined
  /** The lowest that was heard since it was asked last. */
  let heard = Number.POSITIVE_INFINITY
  let isNews = false

  /** The highest part of an open gap that the source has. */
  function within(oldestLedger: number): Interval | undefined {
    const gap = coverage.gaps().findLast(({ to }) => to >= oldestLedger)
    return gap && { from: Math.max(gap.from, oldestLedger), to: gap.to }
  }

  async function askOldest(signal: AbortSignal): Promise<number> {
    askedAt = now()
    isNews = false
    const range = await source.range(signal)
    heard = range.oldest
    return range.oldest
  }

  async function fill(signal: AbortSignal): Promise<boolean> {
    oldest ??= await askOldest(signal)
    const missing = within(oldest)
    if (missing === undefined) return false
    const { from, to, accepted } = await blocks.fillTop(missing, signal)
    log.info({ from, to, accepted }, 'lost ledgers found again')
    onApplied()
    return within(oldest) !== undefined
  }

  return {
    async step(signal) {
      const isDue = now() - askedAt >= ASK_EVERY_MS || (isNews && within(heard) !== undefined)
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
      if (ledger === undefined || ledger >= heard) return
      heard = ledger
      isNews = true
    },
  }
}
