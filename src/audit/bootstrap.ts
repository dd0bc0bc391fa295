import { setTimeout as sleep } from 'node:timers/promises'
import { SourceError } from '../domain/errors.ts'
import type { ChainRecord } from '../store/read/records.ts'
import {
  createChainReader,
  inChunks,
  logStartTime,
  MAX_ABSENT,
  unknownIds,
} from './chain-reader.ts'
import type { ChainAnswer } from './chain-reader.ts'
import type { RepairDeps } from './repair.ts'

/**
 * Reads the streams that were created before the log's first ledger from the chain, unless they are
 * already known. Returns how many. Running it again costs one call and changes nothing.
 */
export async function bootstrap(
  { source, store, contractId, pauseMs = 0 }: RepairDeps,
  signal: AbortSignal,
): Promise<number> {
  const reader = createChainReader(source, contractId)
  const highest = await reader.highestStreamId(signal)
  let startTime: bigint | undefined
  let stored = 0
  let absent = 0
  for (const ids of inChunks(unknownIds(highest, store.records.knows))) {
    startTime ??= await logStartTime(source, store, signal)
    const answer = await reader.streams(ids, signal)
    if (answer.ledger < store.coverage.lastHole()) {
      throw new SourceError('behind', `the source is at ledger ${answer.ledger}, behind the log`)
    }
    const records = recordsBefore(startTime, answer)
    if (records.length > 0) stored += await store.writer.putRecords(records)
    absent = answer.entries.size === 0 ? absent + ids.length : 0
    if (absent >= MAX_ABSENT) break
    if (pauseMs > 0) await sleep(pauseMs, undefined, { signal })
  }
  return stored
}

/** The records of streams that started before the log; the log has the events of the others. */
function recordsBefore(
  startTime: bigint | undefined,
  { ledger: readLedger, entries }: ChainAnswer,
): ChainRecord[] {
  return [...entries.values()].flatMap(
    ({ content, lastModifiedLedger: ledger, liveUntilLedger }): ChainRecord[] => {
      if (content.kind === 'unreadable') return []
      const { record } = content
      if (startTime !== undefined && record.startTime >= startTime) return []
      return [{ record, ledger, readLedger, liveUntilLedger }]
    },
  )
}
