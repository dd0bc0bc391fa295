import type { AnySQLiteColumn } from 'drizzle-orm/sqlite-core'
import { index, integer, primaryKey, sql, sqliteTable, text } from './drizzle.ts'

/**
 * The event log, append-only. `data` is the event's public JSON, encoded once when it is applied:
 * REST and the feed send it as it is. `raw` keeps what the source gave, base64 XDR included, so
 * that a better decoder can read it again.
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
    // `type` rides along so that `types` narrows a filter inside the index.
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
  ],
)

/**
 * The projection: one row a stream, folded from the log. u64 and i128 are decimal text. The
 * `…_order` columns are the same numbers in a fixed width, because text order is what an index
 * has; `status`, like them, is derived from the record.
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
    isActive: integer('is_active', { mode: 'boolean' }).notNull(),
    paused: integer({ mode: 'boolean' }).notNull(),
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
    /** Of the record's entry, as last asked; 0: archived already. */
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
    // Every filter, with a status or merged over all four of them, under every sort, reads its page
    // straight from an index.
    return Object.entries(filters).flatMap(([filter, by]) =>
      Object.entries(sorts).map(([sort, then]) => {
        const [first, ...rest] = [...by, table.status, ...then, table.createdOrder]
        return index(`streams_${filter}_${sort}`).on(first, ...rest)
      }),
    )
  },
)

/**
 * What the streams of a party, or all (`all`, under the address ''), come to: kept as streams
 * change, because a sum over a hundred thousand of them takes seconds. Sums are decimal text, and
 * can be beyond i128. There is no row where there is no stream.
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
 * Records of streams as the chain had them, for what the log alone cannot tell: the state that
 * events after `ledger` fold on. `record` is JSON.
 */
export const chainRecords = sqliteTable(
  'chain_records',
  {
    streamId: text('stream_id').primaryKey(),
    /** The record is the chain's at the end of this ledger, its last change included. */
    ledger: integer().notNull(),
    /** The ledger at which it was read. */
    readLedger: integer('read_ledger').notNull(),
    record: text().notNull(),
  },
  (table) => [index('chain_records_by_ledger').on(table.ledger)],
)

/** How far the log is complete: one row. */
export const checkpoint = sqliteTable('checkpoint', {
  id: integer().primaryKey(),
  cursor: text().notNull(),
  ledger: integer().notNull(),
  /** Unix seconds; null until a source has told the time of a ledger. */
  ledgerClosedAt: integer('ledger_closed_at'),
  tipLedger: integer('tip_ledger').notNull(),
  tipClosedAt: integer('tip_closed_at'),
  /** The oldest ledger the source still had; null where it did not tell. */
  oldestLedger: integer('oldest_ledger'),
  oldestClosedAt: integer('oldest_closed_at'),
})

/** Ledgers that were scanned whole: disjoint intervals, both ends included. */
export const coverage = sqliteTable('coverage', {
  fromLedger: integer('from_ledger').primaryKey(),
  toLedger: integer('to_ledger').notNull(),
})

/** Ledgers that could no longer be had when ingestion came to them. */
export const gaps = sqliteTable(
  'gaps',
  {
    fromLedger: integer('from_ledger').notNull(),
    toLedger: integer('to_ledger').notNull(),
    reason: text().notNull(),
    /** Unix seconds, wall clock. */
    declaredAt: integer('declared_at').notNull(),
    repaired: integer({ mode: 'boolean' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.fromLedger, table.toLedger] })],
)

/** Events by type, kept beside the log because counting a long log takes time. */
export const eventCounts = sqliteTable('event_counts', {
  type: text().primaryKey(),
  count: integer().notNull(),
})

/** Hashes of a few ledgers that were indexed, to notice when the network has started over. */
export const ledgerHashes = sqliteTable('ledger_hashes', {
  sequence: integer().primaryKey(),
  hash: text().notNull(),
})

/** Whose log this is: one row. */
export const identity = sqliteTable('identity', {
  id: integer().primaryKey(),
  networkPassphrase: text('network_passphrase').notNull(),
  contractId: text('contract_id').notNull(),
})
