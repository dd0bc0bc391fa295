import { completeThrough, endOfLedger } from '../../domain/cursor.ts'
import type { Cursor } from '../../domain/cursor.ts'
import { asc, desc, drizzle, eq, getTableColumns } from '../drizzle.ts'
import type { Sqlite } from '../open.ts'
import { checkpoint, coverage, gaps, identity, ledgerHashes } from '../schema.ts'

export interface Checkpoint {
  /** Everything of the contract up to here is in the log, but for the gaps. */
  cursor: Cursor
  ledger: number
  /** Unix seconds; null until a source has told the time of a ledger. */
  ledgerClosedAt: number | null
  tipLedger: number
  tipClosedAt: number | null
  /** The oldest ledger the source still had; null where it did not tell. */
  oldestLedger: number | null
  oldestClosedAt: number | null
}

/** Ledgers, both ends included. */
export interface Interval {
  from: number
  to: number
}

export interface Gap extends Interval {
  reason: string
  /** Unix seconds, wall clock. */
  declaredAt: number
  repaired: boolean
}

export interface Identity {
  networkPassphrase: string
  contractId: string
}

/** What the log covers. Reads only; every write is in the log's writer. */
export interface Coverage {
  checkpoint(): Checkpoint | undefined
  intervals(): Interval[]
  gaps(): Gap[]
  identity(): Identity | undefined
  /** Ledgers whose hash is remembered, the newest first. */
  hashes(): { sequence: number; hash: string }[]
  /**
   * The position from which on the log knows of every ledger, up to the checkpoint: that it was
   * scanned, or that it is a gap. Nobody who reads on from there misses anything without a notice;
   * ledgers below may be covered too, with holes between. Undefined before the first page.
   */
  floor(): Cursor | undefined
}

export function createCoverage(sqlite: Sqlite): Coverage {
  const db = drizzle({ client: sqlite })
  const { id: _, ...checkpointColumns } = getTableColumns(checkpoint)
  const readCheckpoint = db
    .select(checkpointColumns)
    .from(checkpoint)
    .where(eq(checkpoint.id, 1))
    .prepare()
  const readIntervals = db
    .select({ from: coverage.fromLedger, to: coverage.toLedger })
    .from(coverage)
    .orderBy(asc(coverage.fromLedger))
    .prepare()
  const readGaps = db
    .select({
      from: gaps.fromLedger,
      to: gaps.toLedger,
      reason: gaps.reason,
      declaredAt: gaps.declaredAt,
      repaired: gaps.repaired,
    })
    .from(gaps)
    .orderBy(asc(gaps.fromLedger))
    .prepare()
  const readIdentity = db
    .select({ networkPassphrase: identity.networkPassphrase, contractId: identity.contractId })
    .from(identity)
    .where(eq(identity.id, 1))
    .prepare()

  const readHashes = db
    .select({ sequence: ledgerHashes.sequence, hash: ledgerHashes.hash })
    .from(ledgerHashes)
    .orderBy(desc(ledgerHashes.sequence))
    .prepare()

  return {
    checkpoint: () => readCheckpoint.get(),
    intervals: () => readIntervals.all(),
    gaps: () => readGaps.all(),
    identity: () => readIdentity.get(),
    hashes: () => readHashes.all(),
    floor() {
      const position = readCheckpoint.get()
      if (position === undefined) return undefined
      const known = [...readIntervals.all(), ...readGaps.all()]
      return endOfLedger(lowerEnd(known, completeThrough(position.cursor)) - 1)
    },
  }
}

/** The first ledger of the contiguous union of intervals that ends at `through`, or the one after. */
function lowerEnd(intervals: readonly Interval[], through: number): number {
  let low = through + 1
  for (const { from, to } of intervals.toSorted((a, b) => b.to - a.to)) {
    if (to < low - 1) break
    low = Math.min(low, from)
  }
  return low
}

/** The parts of an interval that none of these, ordered and disjoint, covers. */
export function uncovered({ from, to }: Interval, covered: readonly Interval[]): Interval[] {
  const missing: Interval[] = []
  let next = from
  for (const interval of covered) {
    if (interval.to < next) continue
    if (interval.from > to) break
    if (interval.from > next) missing.push({ from: next, to: interval.from - 1 })
    next = interval.to + 1
  }
  if (next <= to) missing.push({ from: next, to })
  return missing
}
