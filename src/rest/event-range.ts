import { z } from '@hono/zod-openapi'
import { endOfLedger, justBefore, later, MAX_LEDGER, ORIGIN } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { Store } from '../store/store.ts'
import { FormatName } from '../http/formats/format.ts'
import { Order, Position, WAIT, wholeNumber } from '../http/parameters.ts'

/** Which part of the log a list of events shows, and in what order. */

const MAX_PAGE = 1_000
const MAX_TIME = Number.MAX_SAFE_INTEGER

export function rangeQuery(options: { defaultLimit: number }) {
  return {
    after: Position.optional().openapi({
      description: 'exclusive: the last id of the previous page, or nextCursor',
    }),
    before: Position.optional().openapi({ description: 'exclusive: where to stop' }),
    from_ledger: wholeNumber(0, MAX_LEDGER).optional().openapi({ description: 'inclusive' }),
    to_ledger: wholeNumber(0, MAX_LEDGER).optional().openapi({ description: 'inclusive' }),
    from_time: wholeNumber(0, MAX_TIME)
      .optional()
      .openapi({ description: 'Unix seconds, inclusive: when the ledger closed' }),
    to_time: wholeNumber(0, MAX_TIME)
      .optional()
      .openapi({ description: 'Unix seconds, inclusive: when the ledger closed' }),
    order: Order.default('asc'),
    limit: wholeNumber(1, MAX_PAGE)
      .optional()
      .openapi({ description: `default: ${options.defaultLimit}; as NDJSON or CSV: no limit` }),
    format: FormatName,
    ...WAIT,
  }
}

export type RangeQuery = z.infer<z.ZodObject<ReturnType<typeof rangeQuery>>>

/** What the log is asked for. */
export interface EventRange {
  /** Exclusive. */
  after: Cursor
  /** Inclusive. */
  through: Cursor
  order: 'asc' | 'desc'
}

/**
 * The part of the log that a query asks for, up to the checkpoint: what is before it does not change
 * while it is read.
 */
export function rangeOf({ log }: Pick<Store, 'log'>, query: RangeQuery, head: Cursor): EventRange {
  const { after, before, order } = query
  const [low = ORIGIN, high] = order === 'asc' ? [after, before] : [before, after]
  // Everything in a ledger has its close time, so a time is a ledger.
  const first = Math.max(
    query.from_ledger ?? 0,
    query.from_time === undefined ? 0 : log.firstLedgerSince(query.from_time),
  )
  const last = Math.min(
    query.to_ledger ?? MAX_LEDGER,
    query.to_time === undefined ? MAX_LEDGER : log.firstLedgerSince(query.to_time + 1) - 1,
  )
  const start = first === 0 ? low : later(low, endOfLedger(first - 1))
  const end = earlier(head, endOfLedger(last))
  return {
    after: start,
    // Never before the start: a caller who goes on from there must not go back.
    through: later(start, high === undefined ? end : earlier(end, justBefore(high))),
    order,
  }
}

function earlier(a: Cursor, b: Cursor): Cursor {
  return a < b ? a : b
}
