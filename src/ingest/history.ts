import type { Logger } from 'pino'
import { SourceError } from '../domain/errors.ts'
import type { ChainMemory, LedgerSource } from '../source/source.ts'
import type { Coverage } from '../store/read/coverage.ts'
import type { SharedWriter } from '../store/write/writer.ts'

export interface HistoryDeps {
  source: LedgerSource
  coverage: Coverage
  writer: SharedWriter
  log: Logger
}

/** About an hour. The answer holds the whole ledger: megabytes on a busy network. */
const LEDGERS_BETWEEN = 720

/**
 * Remembers the hash of the checkpoint's ledger, unless a recent one is remembered that the source
 * still has. (After a gap the source has none of the earlier ledgers.)
 *
 * Test networks are reset a few times a year: the passphrase stays, ledger numbers start over, and
 * event ids would collide with those of the old chain. Only hashes show the difference; the source
 * compares them with the chain of each endpoint. If the hash cannot be read now, the next step
 * tries again.
 */
export async function rememberHash(
  { source, coverage, writer, log }: HistoryDeps,
  signal: AbortSignal,
): Promise<void> {
  const checkpoint = coverage.checkpoint()
  if (checkpoint === undefined) return
  const [newest] = coverage.hashes()
  const isRecent = newest !== undefined && checkpoint.ledger < newest.sequence + LEDGERS_BETWEEN
  if (isRecent && newest.sequence >= (checkpoint.oldestLedger ?? 0)) return
  try {
    const ledger = await source.ledger(checkpoint.ledger, signal)
    if (ledger !== undefined) await writer.rememberHash(ledger)
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    log.debug({ fault: error.fault, detail: error.message }, 'hash not remembered')
  }
}

/** For the source, which compares the chain of every endpoint with it. */
export function rememberedChain(coverage: Coverage): ChainMemory {
  return { anchors: coverage.hashes, checkpoint: () => coverage.checkpoint()?.ledger }
}
