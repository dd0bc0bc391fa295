import type { Logger } from 'pino'
import { completeThrough } from '../domain/cursor.ts'
import type { SourceError } from '../domain/errors.ts'
import type { LedgerSource } from '../source/source.ts'
import type { Coverage } from '../store/read/coverage.ts'
import type { SharedWriter } from '../store/write/writer.ts'

export interface GapDeps {
  source: LedgerSource
  coverage: Coverage
  writer: SharedWriter
  log: Logger
}

/** The page only has to show that there are ledgers after the gap. */
const PROOF_EVENTS = 1

/**
 * Declares the ledgers after the checkpoint as a gap, after the source has confirmed that it lost
 * them. Returns whether there was anything to declare: a log without a checkpoint has lost nothing.
 *
 * The source must first show a page of the ledgers after the gap. The range it names could put the
 * end of the gap anywhere, even beyond the newest ledger of the network. Throws SourceError if the
 * source does not show that page.
 */
export async function declareGap(
  { source, coverage, writer, log }: GapDeps,
  { range }: SourceError,
  signal: AbortSignal,
): Promise<boolean> {
  const checkpoint = coverage.checkpoint()
  if (checkpoint === undefined || range === undefined) return false
  const { tip } = await source.page({ startLedger: range.oldest }, PROOF_EVENTS, signal)
  const gap = {
    from: completeThrough(checkpoint.cursor) + 1,
    to: Math.min(range.oldest - 1, tip.ledger),
  }
  if (gap.to < gap.from) return false
  const declaredAt = Math.floor(Date.now() / 1_000)
  await writer.declareGap({ ...gap, reason: 'retention', declaredAt }, tip)
  log.error(gap, 'ledgers lost: no RPC has them any more')
  return true
}
