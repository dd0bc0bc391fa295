import { createStreamEntryReader } from '../decode/stream-entry.ts'
import type { StreamEntry } from '../decode/stream-entry.ts'
import { ledgerOf } from '../domain/cursor.ts'
import { SourceError } from '../domain/errors.ts'
import { EVERYTHING } from '../domain/filter.ts'
import { createEntryKeys } from '../source/entry-keys.ts'
import { MAX_ENTRY_KEYS } from '../source/source.ts'
import type { LedgerSource } from '../source/source.ts'
import type { Store } from '../store/store.ts'

/** Reads the contract's own storage, as it is at the source's newest ledger. */
export interface ChainReader {
  /** The highest stream id so far. Throws SourceError if the source does not have the contract. */
  highestStreamId(signal: AbortSignal): Promise<bigint>
  /** At most `MAX_ENTRY_KEYS` streams; those without an entry are left out. */
  streams(ids: readonly bigint[], signal: AbortSignal): Promise<ChainAnswer>
}

export interface ChainAnswer {
  /** The ledger at which all entries were read. */
  ledger: number
  entries: ReadonlyMap<bigint, ChainEntry>
}

export interface ChainEntry {
  content: StreamEntry
  lastModifiedLedger: number
  /** As in `Stream`. */
  liveUntilLedger: number | null
}

export function createChainReader(source: LedgerSource, contractId: string): ChainReader {
  const keys = createEntryKeys(contractId)
  const readEntry = createStreamEntryReader()

  return {
    async highestStreamId(signal) {
      const { entries } = await source.entries([keys.instance, keys.streamCounter], signal)
      if (entries.length === 0) {
        throw new SourceError('refused', `the source has no storage of the contract ${contractId}`)
      }
      // It needs the SDK, which is slow to load and which nothing else in the daemon uses.
      const { readStreamCounter } = await import('../decode/stream-counter.ts')
      // There may be no counter before the first stream.
      return entries.map(({ xdr }) => readStreamCounter(xdr)).find(Boolean) ?? 0n
    },

    async streams(ids, signal) {
      const idByKey = new Map(ids.map((id) => [keys.stream(id), id]))
      const answer = await source.entries([...idByKey.keys()], signal)
      const entries = new Map<bigint, ChainEntry>()
      for (const { key, xdr, lastModifiedLedger, liveUntilLedger } of answer.entries) {
        const id = idByKey.get(key)
        if (id === undefined) continue
        const content = readEntry(xdr)
        const isOther = content.kind === 'record' && content.record.streamId !== id
        entries.set(id, {
          content: isOther
            ? { kind: 'unreadable', reason: 'the entry belongs to another key' }
            : content,
          lastModifiedLedger,
          liveUntilLedger: liveUntilLedger ?? null,
        })
      }
      return { ledger: answer.latestLedger, entries }
    },
  }
}

/**
 * Close time of the log's first ledger, Unix seconds: the log has no creation of streams that
 * started earlier. If the source no longer has that ledger, the time of the first event serves as
 * well: any stream created after the log's beginning has an event of its own. Undefined if there is
 * neither.
 */
export async function logStartTime(
  source: LedgerSource,
  { coverage, log }: Pick<Store, 'coverage' | 'log'>,
  signal: AbortSignal,
): Promise<bigint | undefined> {
  const floor = coverage.floor()
  if (floor === undefined) return undefined
  const ledger = await source.ledger(ledgerOf(floor) + 1, signal)
  if (ledger !== undefined) return BigInt(ledger.closedAt)
  const [first] = log.page({ filter: EVERYTHING, limit: 1 }).entries
  return first && BigInt((JSON.parse(first.data) as { timestamp: number }).timestamp)
}

/** The ids in chunks that one call may ask for. */
export function* inChunks(ids: Iterable<bigint>): Generator<bigint[]> {
  let chunk: bigint[] = []
  for (const id of ids) {
    chunk.push(id)
    if (chunk.length < MAX_ENTRY_KEYS) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}

/**
 * The ids that `knows` does not, from the highest down. If a contract counts from far above 1, they
 * are practically endless: stop after `MAX_ABSENT` ids in a row that the chain does not have.
 */
export function* unknownIds(
  highest: bigint,
  knows: (streamId: bigint) => boolean,
): Generator<bigint> {
  for (let id = highest; id > 0n; id -= 1n) if (!knows(id)) yield id
}

/** The contract never removes a record: if so many in a row are absent, they never existed. */
export const MAX_ABSENT = 5 * MAX_ENTRY_KEYS
