import { SourceError } from '../../domain/errors.ts'
import type { ChainMemory, LedgerSource } from '../../source/source.ts'

/**
 * Whether an endpoint has the chain that the log has. Test networks are reset a few times a year:
 * the passphrase stays, ledger numbers begin again, and event ids would collide with those of the
 * old chain. Only hashes tell. The check comes after the answer it is about, because a ledger of
 * the new chain may close between a check and an answer.
 */
export interface ChainGuard {
  /** Another chain may answer there from now on. */
  doubt(): void
  /** Nothing has happened since the last check that would call for another. */
  isSure(): boolean
  /**
   * Ends the doubts that there were when it was called, unless the endpoint has not come as far as
   * what the log remembers, where another chain looks like ours. `tip` answers the newest ledger of the
   * endpoint. Throws SourceError `history_changed`, and whatever the endpoint's ledgers throw.
   */
  check(tip: () => number | Promise<number>, signal: AbortSignal): Promise<void>
}

/** Ledgers to ask for before giving up: the endpoint may have forgotten the older ones. */
const MAX_ASKED = 3

export function createChainGuard(
  source: Pick<LedgerSource, 'ledger'>,
  { anchors, checkpoint }: ChainMemory,
): ChainGuard {
  /** How often there was doubt, and how often when the last check began. An endpoint begins with one. */
  let doubts = 1
  let settled = 0

  /** Whether there was anything to compare, or nothing that ever could be. */
  async function compare(logEnd: number, latest: number, signal: AbortSignal): Promise<boolean> {
    const all = anchors()
    const reached = all.filter(({ sequence }) => sequence <= latest)
    for (const { sequence, hash } of reached.slice(0, MAX_ASKED)) {
      const there = await source.ledger(sequence, signal)
      if (there === undefined) continue
      if (there.hash === hash) return true
      throw changed(`ledger ${sequence} was ${hash} and is ${there.hash} now`)
    }
    // A node that lags is some ledgers behind; one that has half of them is on another chain.
    if (latest * 2 < logEnd) {
      throw changed(`the tip is ledger ${latest}, and the log ends at ${logEnd}`)
    }
    // One that has not come to the remembered ledgers has shown nothing yet.
    return reached.length === all.length
  }

  return {
    doubt() {
      doubts += 1
    },
    isSure: () => settled === doubts,
    async check(tip, signal) {
      const began = doubts
      const logEnd = checkpoint()
      // The tip first: a ledger that is not there was forgotten then, and did not close meanwhile.
      const isSettled = logEnd === undefined || (await compare(logEnd, await tip(), signal))
      if (isSettled) settled = Math.max(settled, began)
    },
  }
}

function changed(evidence: string): SourceError {
  return new SourceError(
    'history_changed',
    `the network has started over (${evidence}): its ledgers cannot be added to this log. Begin a fresh one with "flowfi-indexer start --fresh", which keeps the old file under another name`,
  )
}
