import { completeThrough, later, ledgerOf } from '../../domain/cursor.ts'
import type { Cursor } from '../../domain/cursor.ts'
import type { ContractEvent, Decode, RawEvent } from '../../domain/event.ts'
import { eventJson } from '../../domain/event-json.ts'
import type { LedgerPoint } from '../../domain/ledger.ts'
import { fold } from '../../domain/fold.ts'
import { createBaselines } from './baselines.ts'
import { uncovered } from '../read/coverage.ts'
import type { Checkpoint, Coverage, Identity, Interval } from '../read/coverage.ts'
import type { Sqlite } from '../open.ts'
import { partiesOf } from './parties.ts'
import { createProjection } from './projection.ts'
import { encodeRaw } from './raw.ts'
import { createRefold, scannedThrough } from './refold.ts'

/** An event as decoded and as the source had it. */
export interface DecodedEvent {
  event: ContractEvent
  raw: RawEvent
}

export interface Batch {
  events: readonly DecodedEvent[]
  /** Position the batch is complete through. */
  cursor: Cursor
  /** The first ledger of which nothing is left out between it and the cursor. */
  scannedFrom: number
  /** Close time of the cursor's ledger, Unix seconds, where known. */
  closedAt: number | undefined
  /** Undefined: as it was known before. It may be lower than before. */
  tip?: LedgerPoint | undefined
  oldest?: LedgerPoint | undefined
  /** Whose log this is, where the file is not bound to it yet. */
  identity?: Identity | undefined
}

/** As the database has it. */
interface NullablePoint {
  ledger: number
  closedAt: number | null | undefined
}

export interface Applied {
  /** Events the log did not have yet, by type. */
  accepted: number
  /** The log's position or what is known of the tip has changed. */
  moved: boolean
}

export interface Writer {
  /**
   * Log, streams, coverage and checkpoint in one transaction. Idempotent by event id: delivering
   * anything again, or late, gives the same rows. Throws only when SQLite does.
   */
  apply(batch: Batch): Applied
  /**
   * Records ledgers as lost and moves the checkpoint to the position after them. `tip` is what is
   * known of the network's newest ledger by now.
   */
  declareGap(
    gap: Interval & { reason: string; declaredAt: number },
    after: Cursor,
    tip?: LedgerPoint,
  ): void
  /** Remembers the hash of a ledger; only the newest few are kept. */
  rememberHash(ledger: { sequence: number; hash: string }): void
}

const MAX_HASHES = 50

/**
 * The only writer of the database. `decode` is needed where history arrives late: the streams it
 * touches are folded again from the log.
 */
export function createWriter(sqlite: Sqlite, coverage: Coverage, decode: Decode): Writer {
  const projection = createProjection(sqlite)
  const baselines = createBaselines(sqlite)
  const refold = createRefold(sqlite, { projection, baselines, coverage, decode })
  const insertEvent = sqlite.prepare(
    `insert into events (id, type, stream_id, sender, recipient, data, raw)
     values (?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing`,
  )
  const newest = sqlite.prepare('select max(id) from events').pluck()
  const count = sqlite.prepare(
    `insert into event_counts (type, count) values (?, ?)
     on conflict (type) do update set count = count + excluded.count`,
  )
  const saveCheckpoint = sqlite.prepare(
    `insert or replace into checkpoint
     (id, cursor, ledger, ledger_closed_at, tip_ledger, tip_closed_at,
      oldest_ledger, oldest_closed_at) values (1, ?, ?, ?, ?, ?, ?, ?)`,
  )
  // Intervals that touch or overlap the new one become part of it.
  const touching = sqlite.prepare(
    `select min(from_ledger) as low, max(to_ledger) as high from coverage
     where from_ledger <= ? + 1 and to_ledger >= ? - 1`,
  )
  const dropTouching = sqlite.prepare(
    'delete from coverage where from_ledger <= ? + 1 and to_ledger >= ? - 1',
  )
  const addInterval = sqlite.prepare('insert into coverage (from_ledger, to_ledger) values (?, ?)')
  const addGap = sqlite.prepare(
    `insert into gaps (from_ledger, to_ledger, reason, declared_at, repaired) values (?, ?, ?, ?, ?)
     on conflict do nothing`,
  )
  const addHash = sqlite.prepare(
    'insert or replace into ledger_hashes (sequence, hash) values (?, ?)',
  )
  const dropHashes = sqlite.prepare(
    `delete from ledger_hashes where sequence not in
     (select sequence from ledger_hashes order by sequence desc limit ?)`,
  )
  const saveIdentity = sqlite.prepare(
    'insert or replace into identity (id, network_passphrase, contract_id) values (1, ?, ?)',
  )
  const dropGap = sqlite.prepare('delete from gaps where from_ledger = ? and to_ledger = ?')

  function bind(identity: Identity | undefined): void {
    if (identity === undefined) return
    saveIdentity.run(identity.networkPassphrase, identity.contractId)
  }

  function insert({ event, raw }: DecodedEvent): boolean {
    const streamId = 'streamId' in event ? event.streamId : undefined
    const before = streamId === undefined ? undefined : projection.get(streamId)
    const after = 'streamId' in event ? fold(before, event) : undefined
    const parties = partiesOf(event, after, (id) => baselines.get(id)?.record)
    const { changes } = insertEvent.run(
      event.id,
      event.type,
      streamId === undefined ? null : streamId.toString(),
      parties.sender,
      parties.recipient,
      eventJson(event, parties),
      encodeRaw(raw),
    )
    if (changes === 0) return false
    if (after !== undefined && after !== before) projection.set(after)
    return true
  }

  function cover({ from, to }: Interval): void {
    if (to < from) return
    const { low, high } = touching.get(to, from) as { low: number | null; high: number | null }
    dropTouching.run(to, from)
    addInterval.run(Math.min(low ?? from, from), Math.max(high ?? to, to))
  }

  function move(batch: Batch): boolean {
    const before = coverage.checkpoint()
    const cursor = later(batch.cursor, before?.cursor ?? batch.cursor)
    const closedAt = cursor === before?.cursor ? before.ledgerClosedAt : closeTime(batch, before)
    const tip = tipAfter(before, batch.tip, { ledger: ledgerOf(cursor), closedAt })
    if (cursor === before?.cursor && tip.ledger === before.tipLedger) return false
    saveCheckpoint.run(
      cursor,
      ledgerOf(cursor),
      closedAt,
      tip.ledger,
      tip.closedAt ?? null,
      batch.oldest?.ledger ?? before?.oldestLedger ?? null,
      batch.oldest?.closedAt ?? before?.oldestClosedAt ?? null,
    )
    return true
  }

  /** What the chain told of ledgers that the log has come to since `before` counts from now on. */
  function reach(before: number): void {
    for (const streamId of baselines.between(before, scannedThrough(coverage))) refold(streamId)
  }

  /** Gaps shrink to what is still not covered, and vanish when nothing is left of them. */
  function heal(): void {
    const gaps = coverage.gaps()
    if (gaps.length === 0) return
    const intervals = coverage.intervals()
    for (const gap of gaps) {
      const left = uncovered(gap, intervals)
      if (left.length === 1 && left[0]?.from === gap.from && left[0].to === gap.to) continue
      dropGap.run(gap.from, gap.to)
      for (const { from, to } of left) {
        addGap.run(from, to, gap.reason, gap.declaredAt, gap.repaired ? 1 : 0)
      }
    }
  }

  return {
    apply: sqlite.transaction((batch: Batch): Applied => {
      bind(batch.identity)
      projection.clear()
      const highest = (newest.get() as string | null) ?? ''
      const scanned = scannedThrough(coverage)
      const late = new Set<bigint>()
      const accepted = new Map<string, number>()
      for (const decoded of batch.events) {
        if (!insert(decoded)) continue
        const { event } = decoded
        accepted.set(event.type, (accepted.get(event.type) ?? 0) + 1)
        const isLate = event.id < highest || event.ledger <= scanned
        if (isLate && 'streamId' in event) late.add(event.streamId)
      }
      for (const [type, number] of accepted) count.run(type, number)
      projection.flush()
      const moved = move(batch)
      for (const streamId of late) refold(streamId)
      reach(scanned)
      cover({ from: batch.scannedFrom, to: completeThrough(batch.cursor) })
      heal()
      return { accepted: accepted.values().reduce((sum, number) => sum + number, 0), moved }
    }).immediate,

    declareGap: sqlite.transaction(
      (
        gap: Interval & { reason: string; declaredAt: number },
        after: Cursor,
        tip?: LedgerPoint,
      ) => {
        addGap.run(gap.from, gap.to, gap.reason, gap.declaredAt, 0)
        const before = coverage.checkpoint()
        if (before === undefined) return
        projection.clear()
        const known = tipAfter(before, tip, { ledger: ledgerOf(after), closedAt: undefined })
        saveCheckpoint.run(
          after,
          ledgerOf(after),
          before.ledgerClosedAt,
          known.ledger,
          known.closedAt ?? null,
          before.oldestLedger,
          before.oldestClosedAt,
        )
        reach(completeThrough(before.cursor))
      },
    ).immediate,

    rememberHash: sqlite.transaction(({ sequence, hash }: { sequence: number; hash: string }) => {
      addHash.run(sequence, hash)
      dropHashes.run(MAX_HASHES)
    }).immediate,
  }
}

/** The network has come at least as far as the log has: lag is never negative. */
function tipAfter(
  before: Checkpoint | undefined,
  told: LedgerPoint | undefined,
  reached: NullablePoint,
): NullablePoint {
  const known = before && { ledger: before.tipLedger, closedAt: before.tipClosedAt }
  const tip = told ?? known
  return tip === undefined || tip.ledger < reached.ledger ? reached : tip
}

/**
 * Close time of the cursor's ledger. Where the source did not tell, the newest time that is known
 * at or before it: never later than the true one.
 */
function closeTime(
  { closedAt, events, cursor, oldest }: Batch,
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
