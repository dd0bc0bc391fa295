import { setTimeout as sleep } from 'node:timers/promises'
import { MAX_ENTRY_KEYS } from '../source/source.ts'
import type { LedgerSource } from '../source/source.ts'
import type { Store } from '../store/store.ts'
import {
  createChainReader,
  inChunks,
  logStartTime,
  MAX_ABSENT,
  unknownIds,
} from './chain-reader.ts'
import { judge } from './judge.ts'
import type { AuditRow } from './judge.ts'

export interface AuditDeps {
  source: LedgerSource
  store: Pick<Store, 'streams' | 'records' | 'coverage' | 'log'>
  contractId: string
  /** Pause between two calls, so that an audit does not slow down other users of the source. */
  pauseMs?: number
}

/**
 * Compares streams with the chain and yields the rows of one call at a time. `all` means every
 * stream in the database, and every id that the contract has given to a stream. A stream that
 * neither side has gets no row.
 */
export async function* auditStreams(
  { source, store, contractId, pauseMs = 0 }: AuditDeps,
  which: readonly bigint[] | 'all',
  signal: AbortSignal,
): AsyncGenerator<AuditRow[]> {
  const reader = createChainReader(source, contractId)
  const highest = await reader.highestStreamId(signal)
  let startTime: bigint | undefined
  const known = which === 'all' ? storedIds(store.streams) : inChunks(which)
  for (const ids of known) yield await compare(ids)
  if (which !== 'all') return
  let absent = 0
  for (const ids of inChunks(unknownIds(highest, isStored))) {
    const rows = await compare(ids)
    yield rows
    absent = rows.length === 0 ? absent + ids.length : 0
    if (absent >= MAX_ABSENT) return
  }

  function isStored(streamId: bigint): boolean {
    return store.streams.byId(streamId.toString()) !== undefined
  }

  async function compare(ids: readonly bigint[]): Promise<AuditRow[]> {
    if (pauseMs > 0) await sleep(pauseMs, undefined, { signal })
    if (!ids.every(isStored)) startTime ??= await logStartTime(source, store, signal)
    const answer = await reader.streams(ids, signal)
    // No await from here on: rows and position must be of the same moment.
    const position = {
      scannedThrough: store.coverage.scannedThrough(),
      lastHole: store.coverage.lastHole(),
      logStartTime: startTime,
    }
    return ids.flatMap((streamId) => {
      const stream = store.streams.byId(streamId.toString())
      const isWaiting = store.records.isWaiting(streamId)
      return judge({ streamId, stream, isWaiting, ...position }, answer) ?? []
    })
  }
}

/** Chunk by chunk, because the audit changes streams while it runs. */
function* storedIds(streams: Store['streams']): Generator<bigint[]> {
  let last: bigint | undefined
  for (;;) {
    const ids = streams.idsAfter(last, MAX_ENTRY_KEYS)
    if (ids.length === 0) return
    yield ids
    last = ids.at(-1)
  }
}
