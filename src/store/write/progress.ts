import { endOfLedger, later, ledgerOf } from '../../domain/cursor.ts'
import type { LedgerPoint } from '../../domain/ledger.ts'
import { uncovered } from '../read/coverage.ts'
import type { Checkpoint, Coverage, Gap, Identity, Interval } from '../read/coverage.ts'
import type { Sqlite } from '../sqlite.ts'
import { firstFilled } from '../read/filled.ts'
import type { Correct } from './corrections.ts'
import type { ScannedPage } from './scanned-page.ts'

/** Writes what the log covers: checkpoint, scanned ledgers, gaps, identity and ledger hashes. */
export interface Progress {
  /** Moves the checkpoint to the end of the page, never back; true if it or the tip changed. */
  moveTo(page: ScannedPage): boolean
  /** Records lost ledgers and moves the checkpoint after them. */
  skip(gap: Omit<Gap, 'repaired'>, tip: LedgerPoint | undefined): void
  /** Adds ledgers that were scanned completely, and removes them from the gaps. */
  cover(ledgers: Interval): void
  /** The same for ledgers before others, which clients may have passed. */
  fillIn(ledgers: Interval): void
  markRepaired(gap: Interval): void
  bind(identity: Identity): void
  rememberHash(ledger: { sequence: number; hash: string }): void
}

const MAX_HASHES = 50

export function createProgress({
  sqlite,
  coverage,
  correct,
}: {
  sqlite: Sqlite
  coverage: Coverage
  correct: Correct
}): Progress {
  const moveCheckpoint = createCheckpointWriter(sqlite)
  const addInterval = createIntervals(sqlite)
  const gaps = createGaps(sqlite, coverage)
  const saveIdentity = sqlite.prepare(
    'insert or replace into identity (id, network_passphrase, contract_id) values (1, ?, ?)',
  )
  const addHash = sqlite.prepare(
    'insert or replace into ledger_hashes (sequence, hash) values (?, ?)',
  )
  const removeHashes = sqlite.prepare(
    `delete from ledger_hashes where sequence not in
     (select sequence from ledger_hashes order by sequence desc limit ?)`,
  )

  function cover(ledgers: Interval): void {
    if (ledgers.to >= ledgers.from) addInterval(ledgers)
    gaps.shrink()
  }

  return {
    moveTo(page) {
      const before = coverage.checkpoint()
      const next = checkpointAfter(before, page)
      if (next.cursor === before?.cursor && next.tipLedger === before.tipLedger) return false
      moveCheckpoint(next)
      return true
    },
    skip(gap, tip) {
      gaps.add(gap)
      const before = coverage.checkpoint()
      if (before === undefined) return
      const cursor = endOfLedger(gap.to)
      const ledger = ledgerOf(cursor)
      const reached = { ledger, closedAt: undefined }
      moveCheckpoint({ ...before, cursor, ledger, ...tipAfter(before, tip, reached) })
    },
    cover,
    fillIn(ledgers) {
      const before = { gaps: coverage.gaps(), floor: coverage.floor() }
      cover(ledgers)
      const filled = firstFilled(before, { gaps: coverage.gaps(), floor: coverage.floor() })
      if (filled !== undefined) correct(endOfLedger(filled.from))
    },
    markRepaired: gaps.markRepaired,
    bind({ networkPassphrase, contractId }) {
      saveIdentity.run(networkPassphrase, contractId)
    },
    rememberHash({ sequence, hash }) {
      addHash.run(sequence, hash)
      removeHashes.run(MAX_HASHES)
    },
  }
}

function createCheckpointWriter(sqlite: Sqlite): (checkpoint: Checkpoint) => void {
  const save = sqlite.prepare<Checkpoint>(
    `insert or replace into checkpoint
       (id, cursor, ledger, ledger_closed_at, tip_ledger, tip_closed_at,
        oldest_ledger, oldest_closed_at)
     values (1, @cursor, @ledger, @ledgerClosedAt, @tipLedger, @tipClosedAt,
       @oldestLedger, @oldestClosedAt)`,
  )
  return (checkpoint) => void save.run(checkpoint)
}

/** Intervals that touch or overlap the new one become part of it. */
function createIntervals(sqlite: Sqlite): (interval: Interval) => void {
  const touching = 'from_ledger <= ? + 1 and to_ledger >= ? - 1'
  const union = sqlite.prepare<[number, number], { low: number | null; high: number | null }>(
    `select min(from_ledger) as low, max(to_ledger) as high from coverage where ${touching}`,
  )
  const remove = sqlite.prepare(`delete from coverage where ${touching}`)
  const add = sqlite.prepare('insert into coverage (from_ledger, to_ledger) values (?, ?)')
  return ({ from, to }) => {
    const { low, high } = union.get(to, from) ?? { low: null, high: null }
    remove.run(to, from)
    add.run(Math.min(low ?? from, from), Math.max(high ?? to, to))
  }
}

function createGaps(sqlite: Sqlite, coverage: Coverage) {
  const insert = sqlite.prepare(
    `insert into gaps (from_ledger, to_ledger, reason, declared_at, repaired) values (?, ?, ?, ?, ?)
     on conflict do nothing`,
  )
  const remove = sqlite.prepare('delete from gaps where from_ledger = ? and to_ledger = ?')
  const repair = sqlite.prepare(
    'update gaps set repaired = ? where from_ledger = ? and to_ledger = ?',
  )
  const repairedOf = sqlite
    .prepare<[number, number], number>(
      'select repaired from gaps where from_ledger = ? and to_ledger = ?',
    )
    .pluck()

  function add({ from, to, reason, declaredAt }: Omit<Gap, 'repaired'>, repaired = 0): void {
    insert.run(from, to, reason, declaredAt, repaired)
  }

  return {
    add,
    markRepaired: ({ from, to }: Interval) => void repair.run(coverage.scannedThrough(), from, to),
    /** Removes covered ledgers from the gaps. */
    shrink(): void {
      const gaps = coverage.gaps()
      if (gaps.length === 0) return
      const intervals = coverage.intervals()
      for (const gap of gaps) {
        const left = uncovered(gap, intervals)
        if (left.length === 1 && left[0]?.from === gap.from && left[0].to === gap.to) continue
        const repaired = repairedOf.get(gap.from, gap.to)
        remove.run(gap.from, gap.to)
        for (const part of left) add({ ...gap, ...part }, repaired)
      }
    },
  }
}

function checkpointAfter(before: Checkpoint | undefined, page: ScannedPage): Checkpoint {
  const cursor = later(page.cursor, before?.cursor ?? page.cursor)
  const ledger = ledgerOf(cursor)
  const closedAt = cursor === before?.cursor ? before.ledgerClosedAt : closeTime(page, before)
  return {
    cursor,
    ledger,
    ledgerClosedAt: closedAt,
    ...tipAfter(before, page.tip, { ledger, closedAt }),
    oldestLedger: page.oldest?.ledger ?? before?.oldestLedger ?? null,
    oldestClosedAt: page.oldest?.closedAt ?? before?.oldestClosedAt ?? null,
  }
}

/** The tip is never before the checkpoint, so that lag is never negative. */
function tipAfter(
  before: Checkpoint | undefined,
  tip: LedgerPoint | undefined,
  reached: { ledger: number; closedAt: number | null | undefined },
): Pick<Checkpoint, 'tipLedger' | 'tipClosedAt'> {
  const known = before && { ledger: before.tipLedger, closedAt: before.tipClosedAt }
  const newest = tip ?? known ?? reached
  const { ledger, closedAt } = newest.ledger < reached.ledger ? reached : newest
  return { tipLedger: ledger, tipClosedAt: closedAt ?? null }
}

/**
 * Close time of the cursor's ledger. If the source did not give it, the newest time that is known
 * at or before it: never later than the true one.
 */
function closeTime(
  { closedAt, events, cursor, oldest }: ScannedPage,
  before: Checkpoint | undefined,
): number | null {
  if (closedAt !== undefined) return closedAt
  const times = [
    events.at(-1)?.event.timestamp,
    before?.ledgerClosedAt ?? undefined,
    oldest !== undefined && oldest.ledger <= ledgerOf(cursor) ? oldest.closedAt : undefined,
  ].filter((time) => time !== undefined)
  return times.length === 0 ? null : Math.max(...times)
}
