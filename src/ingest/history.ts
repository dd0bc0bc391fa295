import { SourceError } from '../domain/errors.ts'
import type { LedgerSource } from '../source/source.ts'
import type { Writer } from '../store/apply.ts'
import type { Coverage } from '../store/coverage.ts'

/** An hour or so: an answer holds the whole ledger, megabytes on a busy network. */
const LEDGERS_BETWEEN = 720

/**
 * Remembers the hash of the newest ledger that was indexed, unless one is remembered that is not
 * much older. Test networks are reset a few times a year: the passphrase stays, ledger numbers
 * start over, and event ids would collide with those of the old chain. Only hashes tell; the source
 * compares them with what an endpoint has.
 */
export async function rememberHash(
  { source, coverage, writer }: { source: LedgerSource; coverage: Coverage; writer: Writer },
  signal: AbortSignal,
): Promise<void> {
  const checkpoint = coverage.checkpoint()
  if (checkpoint === undefined) return
  const [newest] = coverage.hashes()
  if (newest !== undefined && checkpoint.ledger < newest.sequence + LEDGERS_BETWEEN) return
  const ledger = await source.ledger(checkpoint.ledger, signal)
  if (ledger !== undefined) writer.rememberHash(ledger)
}

/** Remembered ledgers to ask for before giving up: the source may have forgotten the older ones. */
const MAX_ASKED = 3

/** Throws SourceError `history_changed` when the source's chain is not the one in the log. */
export async function checkHistory(
  { source, coverage }: { source: LedgerSource; coverage: Coverage },
  signal: AbortSignal,
): Promise<void> {
  const checkpoint = coverage.checkpoint()
  if (checkpoint === undefined) return
  for (const { sequence, hash } of coverage.hashes().slice(0, MAX_ASKED)) {
    const there = await source.ledger(sequence, signal)
    if (there === undefined) continue
    if (there.hash === hash) return
    throw changed(`ledger ${sequence} was ${hash} and is ${there.hash} now`)
  }
  // A node that lags is some ledgers behind; one that has half of them is on another chain.
  const { latestLedger } = await source.range(signal)
  if (latestLedger * 2 < checkpoint.ledger) {
    throw changed(`the tip is ledger ${latestLedger}, and the log ends at ${checkpoint.ledger}`)
  }
}

function changed(evidence: string): SourceError {
  return new SourceError(
    'history_changed',
    `the network has started over (${evidence}): its ledgers cannot be added to this log. Begin a fresh one with "flowfi-indexer start --fresh", which keeps the old file under another name`,
  )
}
