import { completeThrough, ledgerOf } from '../../domain/cursor.ts'
import { SourceError } from '../../domain/errors.ts'
import { firstLedgerOf } from '../page-start.ts'
import { readEvents } from './answers.ts'
import type { EventsAnswer } from './answers.ts'
import type { RpcClient } from './client.ts'
import type { PageStart } from '../source.ts'

/** The two forms of a getEvents request for one contract. */
export interface EventRequests {
  /** The server decides how many ledgers it scans. */
  byCursor(start: PageStart, limit: number, signal: AbortSignal): Promise<EventsAnswer>
  /** The server scans the ledgers before `end` only. */
  byRange(start: PageStart, options: RangeOptions, signal: AbortSignal): Promise<EventsAnswer>
}

interface RangeOptions {
  end: number
  limit: number
  /** The most that `limit` may become. */
  maxLimit: number
}

/**
 * The filter is the contract alone, without a `type`. Every server version answers this query
 * without leaving anything out, and it also shows a contract that was replaced.
 */
export function createEventRequests(client: RpcClient, contractId: string): EventRequests {
  const filters = [{ contractIds: [contractId] }]

  async function getEvents(
    from: { startLedger: number; endLedger?: number } | { cursor: string },
    limit: number,
    signal: AbortSignal,
  ): Promise<EventsAnswer> {
    const [params, startLedger] =
      'cursor' in from
        ? [{ filters, pagination: { cursor: from.cursor, limit } }, ledgerOf(from.cursor)]
        : [{ ...from, filters, pagination: { limit } }, from.startLedger]
    const result = await client.call({ method: 'getEvents', params, startLedger }, signal)
    return readEvents(result, limit)
  }

  async function byCursor(
    start: PageStart,
    limit: number,
    signal: AbortSignal,
  ): Promise<EventsAnswer> {
    if (!('after' in start)) return getEvents(start, limit, signal)
    try {
      return await getEvents({ cursor: start.after }, limit, signal)
    } catch (error) {
      // The server has just forgotten the last ledger that we finished. It refuses the cursor, but
      // it still has everything after it.
      const oldest = error instanceof SourceError ? error.range?.oldest : undefined
      if (oldest === undefined || completeThrough(start.after) + 1 !== oldest) throw error
      return getEvents({ startLedger: oldest }, limit, signal)
    }
  }

  /**
   * A range begins with a whole ledger. If the cursor is in the middle of that ledger, the events
   * before the cursor are left out.
   */
  async function byRange(
    start: PageStart,
    { end, limit, maxLimit }: RangeOptions,
    signal: AbortSignal,
  ): Promise<EventsAnswer> {
    const after = 'after' in start ? start.after : ''
    const range = { startLedger: firstLedgerOf(start), endLedger: end }
    const answer = await getEvents(range, limit, signal)
    if (answer.full && answer.cursor <= after) {
      // The ledger has more events before the cursor than fit on a page.
      const larger = Math.min(limit * 2, maxLimit)
      if (larger > limit) return byRange(start, { end, limit: larger, maxLimit }, signal)
      return byCursor(start, limit, signal)
    }
    return { ...answer, events: answer.events.filter((event) => !isUpTo(after, event)) }
  }

  return { byCursor, byRange }
}

/** False for an event without an id: the reader of events refuses it later. */
function isUpTo(after: string, event: unknown): boolean {
  const { id } = (event ?? {}) as { id?: unknown }
  return typeof id === 'string' && id <= after
}
