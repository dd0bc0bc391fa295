import { SourceError } from '../../domain/errors.ts'
import type { ChainMemory, LedgerSource } from '../../source/source.ts'

/**
 * Whether an endpoint has the chain of the log. Test networks start over a few times a year: the
 * passphrase stays, ledger numbers begin again, and event ids would collide with those of the old
 * chain. Only the hashes of ledgers show the difference. An answer is checked after it has come,
 * because a ledger of the new chain may close between a check and an answer.
 */
export interface ChainGuard {
  /** The endpoint may serve another chain from now on. */
  doubt(): void
  /** There was no doubt since the last check. */
  isSure(): boolean
  /**
   * Ends the doubts from before the call. They remain if the endpoint has not reached the ledgers
   * that the log remembers: until then, a node of another chain looks like one that lags. `tip`
   * returns the endpoint's newest ledger. Throws SourceError `history_changed`, and the errors of
   * the endpoint.
   */
  check(tip: () => number | Promise<number>, signal: AbortSignal): Promise<void>
}

/** How many ledgers are asked for: the endpoint may have forgotten some of them. */
const MAX_ASKED = 3

export function createChainGuard(
  source: Pick<LedgerSource, 'ledger'>,
  { anchors, checkpoint }: ChainMemory,
): ChainGuard {
  /** Counts doubts; every endpoint begins with one. */
  let doubts = 1
  /** The value of `doubts` at the start of the last check that succeeded. */
  let checked = 0

  /** True if the chain is the log's, or if nothing that the log remembers is left to compare. */
  async function compare(logEnd: number, latest: number, signal: AbortSignal): Promise<boolean> {
    const all = anchors()
    const reached = all.filter(({ sequence }) => sequence <= latest)
    for (const { sequence, hash } of reached.slice(0, MAX_ASKED)) {
      const there = await source.ledger(sequence, signal)
      if (there === undefined) continue
      if (there.hash === hash) return true
      throw changed(`ledger ${sequence} was ${hash} and is ${there.hash} now`)
    }
    // A node that lags is only some ledgers behind. With half of the ledgers it is another chain.
    if (latest * 2 < logEnd) {
      throw changed(`the tip is ledger ${latest}, and the log ends at ${logEnd}`)
    }
    // If some are not reached yet, nothing is known.
    return reached.length === all.length
  }

  return {
    doubt() {
      doubts += 1
    },
    isSure: () => checked === doubts,
    async check(tip, signal) {
      const began = doubts
      const logEnd = checkpoint()
      // The tip is read first. Then a missing ledger up to it was forgotten: it is not a new one.
      const isChecked = logEnd === undefined || (await compare(logEnd, await tip(), signal))
      if (isChecked) checked = Math.max(checked, began)
    },
  }
}

function changed(evidence: string): SourceError {
  return new SourceError(
    'history_changed',
    `the network has started over (${evidence}): its ledgers cannot be added to this log. Begin a new log with "flowfi-indexer start --fresh"; the old file is kept under another name`,
  )
}
