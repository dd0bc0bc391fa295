import { fileURLToPath } from 'node:url'
import type { StreamJson } from '../../src/http/json.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import { RECORDINGS, seconds } from './recordings.ts'
import type { RecordingName } from './recordings.ts'

/** What a recording says about the contract. The contract wrote it, not an indexer. */

/** The path of a recording. */
export function fixture(name: RecordingName): string {
  return fileURLToPath(new URL(`../../fixtures/${RECORDINGS[name]}`, import.meta.url))
}

export type StreamRecord = Record<string, unknown>

/** The last record of every stream, by id. */
export function finalStreams({ ledgers }: Recording): Map<string, StreamRecord> {
  const records = ledgers.flatMap(({ streams = [] }) => streams)
  return new Map(records.map((record) => [String(record['streamId']), record]))
}

/** The contract's record as REST shows it. */
export function restRecord(record: StreamRecord): Partial<StreamJson> {
  const { startTime, lastUpdateTime, pausedAt, isActive, paused, status, ...same } = record
  return {
    ...same,
    startTime: time(startTime),
    lastUpdateTime: time(lastUpdateTime),
    pausedAt: time(pausedAt),
    isActive: isActive === true,
    isPaused: paused === true,
    status: statusForPeople({ isActive, paused, status }),
  }
}

/** On the chain a cancelled stream that was resumed may be Active; for people it is cancelled. */
function statusForPeople({ isActive, paused, status }: StreamRecord): StreamJson['status'] {
  if (isActive === true) return paused === true ? 'paused' : 'active'
  return status === 'Completed' ? 'completed' : 'cancelled'
}

/** Null if a double cannot hold it. */
function time(value: unknown): number | null {
  return value === null || Number(value) > Number.MAX_SAFE_INTEGER ? null : Number(value)
}

/** The ids of the contract's own events, in order. */
export function recordedIds({ header, ledgers }: Recording): string[] {
  return ledgers.flatMap(({ events = [] }) =>
    events.filter(({ contractId }) => contractId === header.contractId).map(({ id }) => id),
  )
}

export interface RecordedClaimable {
  streamId: string
  /** Unix seconds. */
  at: number
  claimableAmount: string
}

/**
 * The contract's answers to `get_claimable_amount` that the final record of a stream must give too:
 * those at the ledger that changed it last, and at later ones.
 */
export function finalClaimables({ ledgers }: Recording): RecordedClaimable[] {
  const changedIn = new Map<string, number>()
  for (const { sequence, streams = [] } of ledgers) {
    for (const record of streams) changedIn.set(String(record['streamId']), sequence)
  }
  return ledgers.flatMap(({ sequence, closedAt, claimable = [] }) =>
    claimable
      .filter(([streamId]) => sequence >= (changedIn.get(streamId) ?? 0))
      .map(([streamId, claimableAmount]) => ({ streamId, at: seconds(closedAt), claimableAmount })),
  )
}

export function lastLedger({ header, ledgers }: Recording): number {
  return ledgers.at(-1)?.sequence ?? header.firstLedger
}
