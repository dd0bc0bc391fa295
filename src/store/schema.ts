import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { AnySQLiteColumn } from 'drizzle-orm/sqlite-core'

/**
 * The tables: Drizzle writes migrations from them, and TypeScript derives the types of rows. The
 * program never loads this file, only its types. SQL reads and writes booleans as 0 and 1, so they
 * are plain integers here.
 */

/** Drizzle writes an expression with commas into a migration as if it were columns: correct it there. */
const TRANSACTION_KEY = sql`unhex(substr(data ->> 'transactionHash', 1, 10))`

/**
 * The event log, append-only. `data` is the event's public JSON, encoded once when it is applied:
 * REST and the feed send it unchanged. `raw` keeps what the source gave, base64 XDR included, so
 * that a better decoder can decode it again.
 */
export const events = sqliteTable(
  'events',
  {
    id: text().primaryKey(),
    type: text().notNull(),
    streamId: text('stream_id'),
    sender: text(),
    recipient: text(),
    data: text().notNull(),
    raw: text().notNull(),
  },
  (table) => [
    // `type` is included so that a filter by type is applied inside the index.
    index('events_by_stream')
      .on(table.streamId, table.id, table.type)
      .where(sql`stream_id is not null`),
    index('events_by_sender')
      .on(table.sender, table.id, table.type)
      .where(sql`sender is not null`),
    index('events_by_recipient')
      .on(table.recipient, table.id, table.type)
      .where(sql`recipient is not null`),
    index('events_by_type').on(table.type, table.id),
    // Forty bits of the hash: hashes have no order, so each entry is written to another page, and a
    // small index has fewer of them.
    index('events_by_transaction').on(TRANSACTION_KEY),
  ],
)

/**
 * The projection: one row for each stream, folded from the log. u64 and i128 are decimal text. The
 * `…_order` columns are the same numbers in a fixed width, so that text order is number order; they
 * and `status` are derived from the other columns.
 */
export const streams = sqliteTable(
  'streams',
  {
    streamId: text('stream_id').primaryKey(),
    sender: text().notNull(),
    recipient: text().notNull(),
    tokenAddress: text('token_address').notNull(),
    ratePerSecond: text('rate_per_second').notNull(),
    depositedAmount: text('deposited_amount').notNull(),
    withdrawnAmount: text('withdrawn_amount').notNull(),
    startTime: text('start_time').notNull(),
    lastUpdateTime: text('last_update_time').notNull(),
    isActive: integer('is_active').notNull(),
    paused: integer().notNull(),
    pausedAt: text('paused_at'),
    chainStatus: text('chain_status', {
      enum: ['Active', 'Paused', 'Cancelled', 'Completed'],
    }).notNull(),
    ended: text({ enum: ['cancelled', 'completed'] }),
    endedAt: integer('ended_at'),
    createdLedger: integer('created_ledger'),
    updatedLedger: integer('updated_ledger').notNull(),
    lastEventId: text('last_event_id'),
    origin: text({ enum: ['events', 'chain'] }).notNull(),
    /** Of the record's entry, when it was last read; 0: already archived. */
    liveUntilLedger: integer('live_until_ledger'),
    status: text({ enum: ['active', 'paused', 'cancelled', 'completed'] }).notNull(),
    createdOrder: text('created_order').notNull(),
    startOrder: text('start_order').notNull(),
    endOrder: text('end_order').notNull(),
    depositedOrder: text('deposited_order').notNull(),
  },
  (table) => {
    const sorts = {
      created: [],
      start: [table.startOrder],
      end: [table.endOrder],
      deposited: [table.depositedOrder],
      updated: [table.updatedLedger],
    } satisfies Record<string, AnySQLiteColumn[]>
    const filters = {
      status: [],
      sender: [table.sender],
      recipient: [table.recipient],
      token: [table.tokenAddress],
    } satisfies Record<string, AnySQLiteColumn[]>
    // A list has one status, or is merged from all four. With these indexes every filter reads its
    // page in every sort order straight from an index.
    return Object.entries(filters).flatMap(([filter, by]) =>
      Object.entries(sorts).map(([sort, then]) => {
        const [first, ...rest] = [...by, table.status, ...then, table.createdOrder]
        return index(`streams_${filter}_${sort}`).on(first, ...rest)
      }),
    )
  },
)

/**
 * Sums over the streams of an address, and over all streams (side `all`, address ''). They are kept
 * up to date as streams change, because adding up a hundred thousand streams takes seconds. Sums are
 * decimal text and can exceed i128. Sums over no stream have no row.
 */
export const streamTotals = sqliteTable(
  'stream_totals',
  {
    address: text().notNull(),
    side: text({ enum: ['sender', 'recipient', 'all'] }).notNull(),
    tokenAddress: text('token_address').notNull(),
    status: text({ enum: ['active', 'paused', 'cancelled', 'completed'] }).notNull(),
    streams: integer().notNull(),
    depositedAmount: text('deposited_amount').notNull(),
    withdrawnAmount: text('withdrawn_amount').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.address, table.side, table.tokenAddress, table.status] }),
  ],
)

/**
 * Records of streams, read from the chain because the log does not have all their events. Events
 * after `ledger` fold on them. `record` is JSON.
 */
export const chainRecords = sqliteTable(
  'chain_records',
  {
    streamId: text('stream_id').primaryKey(),
    /** The last ledger that changed the record. */
    ledger: integer().notNull(),
    /** The ledger at which the record was read. */
    readLedger: integer('read_ledger').notNull(),
    record: text().notNull(),
  },
  (table) => [index('chain_records_by_ledger').on(table.ledger)],
)

/** What the contracts of tokens say about themselves; null where they do not say. */
export const tokens = sqliteTable('tokens', {
  address: text().primaryKey(),
  symbol: text(),
  name: text(),
  decimals: integer(),
})

/**
 * Changes of what clients may have read before: a gap that was filled, streams or events that became
 * known in another way. A client whose position is from `reach` to `end` has not seen the change.
 */
export const corrections = sqliteTable('corrections', {
  id: integer().primaryKey(),
  reach: text().notNull(),
  /** The checkpoint's cursor at the time of the change: later positions have seen it. */
  end: text('end_cursor').notNull(),
})

/** The position up to which the log is complete, except for the gaps: one row. */
export const checkpoint = sqliteTable('checkpoint', {
  id: integer().primaryKey(),
  cursor: text().notNull(),
  ledger: integer().notNull(),
  /** Unix seconds; null until a source has given the time of a ledger. */
  ledgerClosedAt: integer('ledger_closed_at'),
  tipLedger: integer('tip_ledger').notNull(),
  tipClosedAt: integer('tip_closed_at'),
  /** The oldest ledger that the source still had; null if it did not say. */
  oldestLedger: integer('oldest_ledger'),
  oldestClosedAt: integer('oldest_closed_at'),
})

/** Ledgers that were scanned completely: disjoint intervals, both ends included. */
export const coverage = sqliteTable('coverage', {
  fromLedger: integer('from_ledger').primaryKey(),
  toLedger: integer('to_ledger').notNull(),
})

/** Ledgers that no source had any more when ingestion reached them. */
export const gaps = sqliteTable(
  'gaps',
  {
    fromLedger: integer('from_ledger').notNull(),
    toLedger: integer('to_ledger').notNull(),
    reason: text().notNull(),
    /** Unix seconds, wall clock. */
    declaredAt: integer('declared_at').notNull(),
    /**
     * 0: not repaired. Else the ledger through which the log was complete when every stream was as on
     * the chain again; 1 if that is not known, because an earlier version wrote it.
     */
    repaired: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.fromLedger, table.toLedger] })],
)

/** Number of events by type; counting a long log takes too long. */
export const eventCounts = sqliteTable('event_counts', {
  type: text().primaryKey(),
  count: integer().notNull(),
})

/** Hashes of a few indexed ledgers, to notice that the network has started over. */
export const ledgerHashes = sqliteTable('ledger_hashes', {
  sequence: integer().primaryKey(),
  hash: text().notNull(),
})

/** The network and contract of the log: one row. */
export const identity = sqliteTable('identity', {
  id: integer().primaryKey(),
  networkPassphrase: text('network_passphrase').notNull(),
  contractId: text('contract_id').notNull(),
})

/**
 * The last change that came by, or was put into, the stream of changes between machines: one row, and none
 * on a single machine.
 */
export const relayPosition = sqliteTable('relay_position', {
  id: integer().primaryKey(),
  sequence: integer().notNull(),
  /** Which change had this number: another one with the same number belongs to another history. */
  change: text().notNull(),
})
