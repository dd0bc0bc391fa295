import type { ChainMemory, LedgerSource } from '../source/source.ts'
import type { Writer } from '../store/write/writer.ts'
import type { Coverage } from '../store/read/coverage.ts'

/** An hour or so: an answer holds the whole ledger, megabytes on a busy network. */
const LEDGERS_BETWEEN = 720

/**
 * Remembers the hash of the newest ledger that was indexed, unless one is remembered that is not
 * much older and that the source still has: after a gap it has none of those before. Test networks are reset a few times a year: the passphrase stays, ledger numbers
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
  const isRecent = newest !== undefined && checkpoint.ledger < newest.sequence + LEDGERS_BETWEEN
  if (isRecent && newest.sequence >= (checkpoint.oldestLedger ?? 0)) return
  const ledger = await source.ledger(checkpoint.ledger, signal)
  if (ledger !== undefined) writer.rememberHash(ledger)
}

/** For the source, which compares the chain of every endpoint with it. */
export function rememberedChain(coverage: Coverage): ChainMemory {
  return { anchors: coverage.hashes, checkpoint: () => coverage.checkpoint()?.ledger }
}
