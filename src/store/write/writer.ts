/**
 * Writes the database. A page of events goes through these steps, in one transaction:
 *
 * - append.ts      adds the events to the log; parties.ts and ../raw.ts make their columns
 * - projection.ts  holds the transaction's streams; totals.ts keeps the sums over all streams
 * - refold.ts      folds a stream again, if its events or its record (records.ts) arrived late
 * - progress.ts    moves the checkpoint, and adds scanned ledgers and gaps
 * - corrections.ts notes what clients may have read before and is different now
 *
 * put-records.ts stores records of the chain, tokens.ts what tokens say about themselves. rebuild.ts folds every stored event again.
 */
import { completeThrough } from '../../domain/cursor.ts'
import type { Decode } from '../../domain/event.ts'
import type { TokenMetadata } from '../../domain/token.ts'
import type { LedgerPoint } from '../../domain/ledger.ts'
import type { Coverage, Gap, Interval } from '../read/coverage.ts'
import type { ChainRecord } from '../read/records.ts'
import type { RelayPosition } from '../read/relay-position.ts'
import type { Sqlite } from '../sqlite.ts'
import { createAppend } from './append.ts'
import { createCorrect } from './corrections.ts'
import { createProgress } from './progress.ts'
import { createProjection } from './projection.ts'
import { createPutRecords } from './put-records.ts'
import type { Lifetime } from './put-records.ts'
import { createRebuild } from './rebuild.ts'
import type { Rebuilt } from './rebuild.ts'
import { createRecordTable } from './records.ts'
import { createRefold } from './refold.ts'
import type { ScannedPage } from './scanned-page.ts'
import { createPutTokens } from './tokens.ts'

/** The only writer of the database. Every method is one transaction. */
export interface Writer {
  /**
   * Adds a page to log, streams, coverage and checkpoint. Idempotent by event id: a repeated or late
   * page gives the same rows. Throws only if SQLite does.
   */
  apply(page: ScannedPage): Applied
  /** Records ledgers as lost and moves the checkpoint after them. `tip` as in `ScannedPage`. */
  declareGap(gap: Omit<Gap, 'repaired'>, tip?: LedgerPoint): void
  /** The lost ledgers' effect on the streams is known again. Their events stay lost. */
  markRepaired(gap: Interval): void
  /** Remembers the hash of a ledger; only the newest few are kept. */
  rememberHash(ledger: { sequence: number; hash: string }): void
  /**
   * Stores records of the chain as the state that later events fold on. Skips a record that was
   * read before the stored one; returns how many were not skipped.
   */
  putRecords(records: readonly ChainRecord[]): number
  setLifetimes(lifetimes: readonly Lifetime[]): void
  /** Stores what tokens say about themselves. */
  putTokens(tokens: readonly TokenMetadata[]): void
  /**
   * Folds every stream again from the log and decodes every stored event again. `onProgress` gets
   * the number of events so far.
   */
  rebuild(onProgress?: (events: number) => void): Rebuilt
  /** Runs `work` and stores the position in one transaction. */
  at<T>(position: RelayPosition, work: () => T): T
}

/** What ingestion and audits write. */
const SHARED = [
  'apply',
  'declareGap',
  'markRepaired',
  'rememberHash',
  'putRecords',
  'setLifetimes',
  'putTokens',
] as const

export type SharedWrite = (typeof SHARED)[number]

/** The same writes. On several machines each is published before it is stored. */
export type SharedWriter = {
  [Name in SharedWrite]: (
    ...args: Parameters<Writer[Name]>
  ) => ReturnType<Writer[Name]> | Promise<ReturnType<Writer[Name]>>
}

export interface Applied {
  /** How many events the log did not have yet. */
  accepted: number
  /** Whether the checkpoint or the tip changed. */
  moved: boolean
}

export function createWriter({
  sqlite,
  coverage,
  decode,
}: {
  sqlite: Sqlite
  coverage: Coverage
  decode: Decode
}): Writer {
  const projection = createProjection(sqlite)
  const records = createRecordTable(sqlite)
  const deps = { sqlite, coverage, projection, records, decode }
  const append = createAppend(deps)
  const correct = createCorrect(sqlite, coverage)
  const progress = createProgress({ sqlite, coverage, correct })
  const refold = createRefold(deps)
  const savePosition = sqlite.prepare<[number, string]>(
    'insert or replace into relay_position (id, sequence, change) values (1, ?, ?)',
  )
  const put = createPutRecords({ sqlite, records, refold, correct })

  /** One transaction; what an earlier one left in the projection may be outdated. */
  function transaction<A extends unknown[], R>(work: (...args: A) => R): (...args: A) => R {
    return sqlite.transaction((...args: A) => {
      projection.clear()
      return work(...args)
    }).immediate
  }

  /** Folds the streams whose record's ledger is after `before` and was reached now. */
  function useRecords(before: number): void {
    for (const streamId of records.between(before, coverage.scannedThrough())) {
      refold.stream(streamId)
    }
  }

  return {
    apply: transaction((page: ScannedPage): Applied => {
      if (page.identity !== undefined) progress.bind(page.identity)
      const before = coverage.scannedThrough()
      const { accepted, late } = append(page.events, before)
      const moved = progress.moveTo(page)
      for (const streamId of late) refold.stream(streamId)
      useRecords(before)
      const ledgers = { from: page.scannedFrom, to: completeThrough(page.cursor) }
      if (ledgers.to > before) progress.cover(ledgers)
      else progress.fillIn(ledgers)
      return { accepted, moved }
    }),
    declareGap: transaction((gap: Omit<Gap, 'repaired'>, tip?: LedgerPoint) => {
      const before = coverage.scannedThrough()
      progress.skip(gap, tip)
      useRecords(before)
    }),
    markRepaired: transaction(progress.markRepaired),
    rememberHash: transaction(progress.rememberHash),
    putRecords: transaction(put.records),
    setLifetimes: transaction(put.lifetimes),
    putTokens: transaction(createPutTokens(sqlite)),
    rebuild: transaction(createRebuild({ ...deps, correct })),
    at<T>({ sequence, change }: RelayPosition, work: () => T): T {
      const both = sqlite.transaction(() => {
        const result = work()
        savePosition.run(sequence, change)
        return result
      })
      return both.immediate()
    },
  }
}
