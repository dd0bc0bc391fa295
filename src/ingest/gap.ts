import type { Logger } from 'pino'
import { completeThrough } from '../domain/cursor.ts'
import type { SourceError } from '../domain/errors.ts'
import type { LedgerPage, LedgerSource } from '../source/source.ts'
import type { Writer } from '../store/write/writer.ts'
import type { Coverage } from '../store/read/coverage.ts'

export interface GapDeps {
  source: LedgerSource
  coverage: Coverage
  writer: Writer
  log: Logger
}

/** Enough to see that there are ledgers after the gap. */
const PROOF_EVENTS = 1

/**
 * Records the ledgers that the source has confirmed as lost, and answers whether there were any: a
 * log without a checkpoint has lost nothing yet. A gap is declared only once the source has shown a
 * page of the ledgers after it. Its word about its range alone could put the end of the gap
 * anywhere, even beyond the newest ledger of the network. Throws SourceError when it does not.
 */
export async function declareLost(
  { source, coverage, writer, log }: GapDeps,
  { range }: SourceError,
  believe: (page: LedgerPage) => LedgerPage,
  signal: AbortSignal,
): Promise<boolean> {
  const checkpoint = coverage.checkpoint()
  if (checkpoint === undefined || range === undefined) return false
  const from = completeThrough(checkpoint.cursor) + 1
  const start = { startLedger: range.oldest }
  const { tip } = believe(await source.page(start, PROOF_EVENTS, signal))
  const gap = { from, to: Math.min(range.oldest - 1, tip.ledger) }
  if (gap.to < gap.from) return false
  const declaredAt = Math.floor(Date.now() / 1_000)
  writer.declareGap({ ...gap, reason: 'retention', declaredAt }, tip)
  log.error(gap, 'ledgers lost: no RPC has them any more')
  return true
}
