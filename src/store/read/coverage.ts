import { completeThrough, endOfLedger, MAX_LEDGER } from '../../domain/cursor.ts'
import type { Cursor } from '../../domain/cursor.ts'
import type { checkpoint } from '../schema.ts'
import type { Sqlite } from '../sqlite.ts'

/** The position up to which the log is complete, except for the gaps. */
export type Checkpoint = Omit<typeof checkpoint.$inferSelect, 'id'>

/** Ledgers, both ends included. */
export interface Interval {
  from: number
  to: number
}

/** Ledgers that were lost, and why. */
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

/** What the log covers. */
export interface Coverage {
  checkpoint(): Checkpoint | undefined
  /** Ledgers that were scanned completely, in order. */
  intervals(): Interval[]
  /** Whether a ledger was scanned completely. */
  covers(ledger: number): boolean
  /** In order. */
  gaps(): Gap[]
  /**
   * The repaired gaps. At the end of `ledger` every stream was as on the chain, so that no lost event
   * has an effect from there on.
   */
  repairs(): (Interval & { ledger: number })[]
  /** The network and contract of the log; undefined before its first page. */
  identity(): Identity | undefined
  /** Ledgers with a remembered hash, newest first. */
  hashes(): { sequence: number; hash: string }[]
  /**
   * The position after which every ledger up to the checkpoint was scanned or is a known gap. A
   * reader that starts here misses nothing without notice. Older ledgers may be covered too, but
   * with unknown ledgers in between. Undefined before the first page.
   */
  floor(): Cursor | undefined
  /** The last ledger up to which the log is complete, except for the gaps; -1 if there is none. */
  scannedThrough(): number
  /**
   * The newest ledger up to there that was not scanned completely: lost, or older than the log. A
   * record that was read before it is no base to fold on, because events in between are unknown.
   */
  lastHole(): number
}

export function createCoverage(sqlite: Sqlite): Coverage {
  const readCheckpoint = sqlite.prepare<[], Checkpoint>(
    `select cursor, ledger, ledger_closed_at as ledgerClosedAt,
       tip_ledger as tipLedger, tip_closed_at as tipClosedAt,
       oldest_ledger as oldestLedger, oldest_closed_at as oldestClosedAt
     from checkpoint`,
  )
  const readIntervals = sqlite.prepare<[], Interval>(
    'select from_ledger as "from", to_ledger as "to" from coverage order by from_ledger',
  )
  const readGaps = sqlite.prepare<[], Omit<Gap, 'repaired'> & { repaired: number }>(
    `select from_ledger as "from", to_ledger as "to", reason, declared_at as declaredAt, repaired
     from gaps order by from_ledger`,
  )
  const readRepairs = sqlite.prepare<[], Interval & { ledger: number }>(
    `select from_ledger as "from", to_ledger as "to", repaired as ledger from gaps
     where repaired > 0 order by from_ledger`,
  )
  const readIdentity = sqlite.prepare<[], Identity>(
    'select network_passphrase as networkPassphrase, contract_id as contractId from identity',
  )
  const readHashes = sqlite.prepare<[], { sequence: number; hash: string }>(
    'select sequence, hash from ledger_hashes order by sequence desc',
  )

  function gaps(): Gap[] {
    return readGaps.all().map((gap) => ({ ...gap, repaired: gap.repaired > 0 }))
  }

  function scannedThrough(): number {
    const position = readCheckpoint.get()
    return position === undefined ? -1 : completeThrough(position.cursor)
  }

  return {
    checkpoint: () => readCheckpoint.get(),
    intervals: () => readIntervals.all(),
    covers: (ledger) => readIntervals.all().some(({ from, to }) => from <= ledger && ledger <= to),
    gaps,
    repairs: () =>
      readRepairs.all().map((each) => (each.ledger === 1 ? { ...each, ledger: MAX_LEDGER } : each)),
    identity: () => readIdentity.get(),
    hashes: () => readHashes.all(),
    floor() {
      const position = readCheckpoint.get()
      if (position === undefined) return undefined
      const known = [...readIntervals.all(), ...gaps()]
      return endOfLedger(lowerEnd(known, completeThrough(position.cursor)) - 1)
    },
    scannedThrough,
    lastHole() {
      const through = scannedThrough()
      const last = readIntervals.all().at(-1)
      return last !== undefined && last.to >= through ? last.from - 1 : through
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

/** The parts of an interval that are in none of `covered`, which are ordered and disjoint. */
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
