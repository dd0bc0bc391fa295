import type { Decode } from '../../domain/event.ts'
import { createBaselines } from './baselines.ts'
import type { Baseline } from './baselines.ts'
import type { Coverage, Interval } from '../read/coverage.ts'
import type { Sqlite } from '../open.ts'
import { createProjection } from './projection.ts'
import { createRefold, scannedThrough } from './refold.ts'
import { createRevision, raiseRevision } from '../revision.ts'
import { u64Order } from '../stream-row.ts'

/** A stream's record as the chain has it, and how long it will. */
export interface ChainRecord extends Baseline {
  /** As in `Stream`. */
  liveUntilLedger: number | null
}

/** What the database knows beside the log, for comparing it with the chain. */
export interface Chain {
  /** The last ledger that the log leaves nothing out of, gaps aside; before any ledger: -1. */
  scannedThrough(): number
  /**
   * The last ledger up to there that was not scanned whole. What the chain said of an earlier one
   * is no ground to fold on: what came between is not known.
   */
  lastHole(): number
  /** Whether the stream is here, or will be once the log has come to what the chain said. */
  knows(streamId: bigint): boolean
  /** Whether a record of the chain waits for the log to come to its ledger. */
  awaits(streamId: bigint): boolean
  /** Another number whenever streams or stored events have changed without a new event. */
  revision(): number
  /** Streams here, in order, after the one given. */
  idsAfter(streamId: bigint | undefined, limit: number): bigint[]
}

/** Writes what the chain, not the log, has told. */
export interface ChainWriter extends Chain {
  /**
   * Records of the chain as the state that later events fold on, in one transaction. A record that
   * was read before the one that is here is passed by. Answers how many were taken.
   */
  put(records: readonly ChainRecord[]): number
  setLifetimes(lifetimes: readonly { streamId: bigint; liveUntilLedger: number | null }[]): void
  /** What the gap's ledgers did to streams is known again; their events stay lost. */
  markRepaired(gap: Interval): void
}

export function createChain(sqlite: Sqlite, coverage: Coverage): Chain {
  const ledgerOfRecord = sqlite
    .prepare('select ledger from chain_records where stream_id = ?')
    .pluck()
  const isHere = sqlite.prepare('select 1 from streams where stream_id = ?').pluck()
  const ids = sqlite
    .prepare('select stream_id from streams where created_order > ? order by created_order limit ?')
    .pluck()

  return {
    scannedThrough: () => scannedThrough(coverage),
    lastHole() {
      const through = scannedThrough(coverage)
      const last = coverage.intervals().at(-1)
      return last !== undefined && last.to >= through ? last.from - 1 : through
    },
    knows(streamId) {
      const id = streamId.toString()
      return isHere.get(id) !== undefined || ledgerOfRecord.get(id) !== undefined
    },
    awaits(streamId) {
      const ledger = ledgerOfRecord.get(streamId.toString()) as number | undefined
      return ledger !== undefined && ledger > scannedThrough(coverage)
    },
    revision: createRevision(sqlite),
    idsAfter(streamId, limit) {
      const after = streamId === undefined ? '' : u64Order(streamId)
      return (ids.all(after, limit) as string[]).map(BigInt)
    },
  }
}

export function createChainWriter(sqlite: Sqlite, coverage: Coverage, decode: Decode): ChainWriter {
  const projection = createProjection(sqlite)
  const baselines = createBaselines(sqlite)
  const refold = createRefold(sqlite, { projection, baselines, coverage, decode })
  const setLifetime = sqlite.prepare('update streams set live_until_ledger = ? where stream_id = ?')
  const markRepaired = sqlite.prepare(
    'update gaps set repaired = 1 where from_ledger = ? and to_ledger = ?',
  )

  return {
    ...createChain(sqlite, coverage),
    put: sqlite.transaction((records: readonly ChainRecord[]): number => {
      projection.clear()
      let taken = 0
      for (const { liveUntilLedger, ...baseline } of records) {
        const { streamId } = baseline.record
        const before = baselines.get(streamId)
        // A node that lags tells of the past.
        if (before !== undefined && before.readLedger > baseline.readLedger) continue
        baselines.put(baseline)
        refold(streamId)
        setLifetime.run(liveUntilLedger, streamId.toString())
        taken += 1
      }
      if (taken > 0) raiseRevision(sqlite)
      return taken
    }).immediate,
    setLifetimes: sqlite.transaction((lifetimes: Parameters<ChainWriter['setLifetimes']>[0]) => {
      for (const { streamId, liveUntilLedger } of lifetimes) {
        setLifetime.run(liveUntilLedger, streamId.toString())
      }
    }).immediate,
    markRepaired: ({ from, to }) => void markRepaired.run(from, to),
  }
}
