import { createStreamEntryReader } from '../decode/stream-entry.ts'
import type { StreamEntry } from '../decode/stream-entry.ts'
import { ledgerOf } from '../domain/cursor.ts'
import { SourceError } from '../domain/errors.ts'
import { EVERYTHING } from '../domain/filter.ts'
import { createEntryKeys } from '../source/entry-keys.ts'
import { MAX_ENTRY_KEYS } from '../source/source.ts'
import type { LedgerSource } from '../source/source.ts'
import type { Store } from '../store/store.ts'

/** The contract's own storage, as the source shows it at its newest ledger. */
export interface ChainReader {
  /** The highest stream id that was given. Throws SourceError where there is no such contract. */
  counter(signal: AbortSignal): Promise<bigint>
  /** At most `MAX_ENTRY_KEYS` streams; those that have no entry are left out. */
  streams(ids: readonly bigint[], signal: AbortSignal): Promise<ChainAnswer>
}

export interface ChainAnswer {
  /** The ledger that all of them were read at. */
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
  const read = createStreamEntryReader()

  return {
    async counter(signal) {
      const { entries } = await source.entries([keys.instance, keys.streamCounter], signal)
      if (entries.length === 0) {
        throw new SourceError('refused', `the source has no storage of the contract ${contractId}`)
      }
      // The SDK takes long to load; nothing else that runs in the daemon needs it.
      const { readStreamCounter } = await import('../decode/stream-counter.ts')
      // A contract that has made no stream yet may not have counted either.
      return entries.map(({ xdr }) => readStreamCounter(xdr)).find(Boolean) ?? 0n
    },

    async streams(ids, signal) {
      const idByKey = new Map(ids.map((id) => [keys.stream(id), id]))
      const answer = await source.entries([...idByKey.keys()], signal)
      const entries = new Map<bigint, ChainEntry>()
      for (const { key, xdr, lastModifiedLedger, liveUntilLedger } of answer.entries) {
        const id = idByKey.get(key)
        if (id === undefined) continue
        const content = read(xdr)
        const strange = content.kind === 'record' && content.record.streamId !== id
        entries.set(id, {
          content: strange
            ? { kind: 'unreadable', reason: 'the entry is of another key' }
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
 * Close time of the log's first ledger, Unix seconds: streams that started earlier have no creation
 * in the log. Where the source has forgotten that ledger, the first event's time serves as well,
 * because a later stream would have brought an event itself. Undefined where both are missing.
 */
export async function logBegan(
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

/** Ids in the portions that one call may ask for. */
export function* portions(ids: Iterable<bigint>): Generator<bigint[]> {
  let portion: bigint[] = []
  for (const id of ids) {
    portion.push(id)
    if (portion.length < MAX_ENTRY_KEYS) continue
    yield portion
    portion = []
  }
  if (portion.length > 0) yield portion
}

/**
 * From the newest stream down, those that `knows` does not. They come without end where a contract
 * counts from far above 1: whoever asks stops after `MAX_ABSENT` that the chain does not have.
 */
export function* strangers(
  counter: bigint,
  knows: (streamId: bigint) => boolean,
): Generator<bigint> {
  for (let id = counter; id > 0n; id -= 1n) if (!knows(id)) yield id
}

/** The contract never removes a record, so this many in a row that are not there never were. */
export const MAX_ABSENT = 5 * MAX_ENTRY_KEYS
