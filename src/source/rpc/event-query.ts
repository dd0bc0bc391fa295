import { completeThrough, ledgerOf } from '../../domain/cursor.ts'
import { SourceError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'
import { firstLedgerOf } from '../page-start.ts'
import { readEvents } from './answers.ts'
import type { EventsAnswer } from './answers.ts'
import type { RpcClient } from './client.ts'
import { readRange } from './range.ts'
import { createScanWindow } from './scan-window.ts'
import type { PageStart } from '../source.ts'

/** One contract's events from one server, which is asked for no more than it can answer. */
export interface EventQuery {
  /** At most `limit` events after a start. Throws SourceError. */
  ask(start: PageStart, limit: number, signal: AbortSignal): Promise<EventsAnswer>
}

/** The most that servers answer by default. */
const MAX_LIMIT = 10_000

/**
 * Pages are asked for by cursor with one filter, the contract, and no `type`: the only query that
 * every server version answers without leaving anything out, and that shows a replaced contract
 * too. Only a server that runs out of time is asked by ranges of ledgers.
 */
export function createEventQuery(client: RpcClient, contractId: string): EventQuery {
  const filters = [{ contractIds: [contractId] }]
  const scan = createScanWindow()
  /** The most events that the server answers at once, as far as it has said so. */
  let mostEvents = MAX_LIMIT

  async function getEvents(
    params: { startLedger: number; endLedger?: number } | { cursor: string },
    limit: number,
    signal: AbortSignal,
  ): Promise<EventsAnswer> {
    const { cursor, ...range } = { cursor: undefined, ...params }
    const pagination = cursor === undefined ? { limit } : { cursor, limit }
    const ledger = 'cursor' in params ? ledgerOf(params.cursor) : params.startLedger
    const request = { ...range, filters, pagination }
    return readEvents(await client.call('getEvents', request, signal, ledger), limit)
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
      // The edge of the retention window has reached exactly the ledger we finished: the server
      // refuses the cursor, but nothing after it is gone.
      const oldest = error instanceof SourceError ? error.range?.oldest : undefined
      if (oldest === undefined || completeThrough(start.after) + 1 !== oldest) throw error
      return getEvents({ startLedger: oldest }, limit, signal)
    }
  }

  /**
   * An answer for which the server looks at no more ledgers than it has the time for. A range
   * begins with the whole ledger that a cursor may be in the middle of: what lies before the
   * cursor is left out.
   */
  async function byRange(
    start: PageStart,
    endLedger: number,
    limit: number,
    signal: AbortSignal,
  ): Promise<EventsAnswer> {
    const after = 'after' in start ? start.after : ''
    const range = { startLedger: firstLedgerOf(start), endLedger }
    const answer = await getEvents(range, limit, signal)
    if (answer.full && answer.cursor <= after) {
      // The ledger has more events before the cursor than fit on a page.
      const larger = Math.min(limit * 2, mostEvents)
      if (larger > limit) return byRange(start, endLedger, larger, signal)
      return byCursor(start, limit, signal)
    }
    return { ...answer, events: answer.events.filter((event) => !isUpTo(after, event)) }
  }

  async function inWindow(
    start: PageStart,
    limit: number,
    signal: AbortSignal,
  ): Promise<EventsAnswer> {
    const from = firstLedgerOf(start)
    if (scan.isLost()) await findTip(signal)
    const end = scan.end(from)
    try {
      const answer = await (end === undefined
        ? byCursor(start, limit, signal)
        : byRange(start, end, limit, signal))
      scan.see(answer.tip.ledger)
      scan.answered()
      return answer
    } catch (error) {
      if (error instanceof SourceError && asksLess(error)) scan.gaveUp(from)
      throw error
    }
  }

  async function findTip(signal: AbortSignal): Promise<void> {
    try {
      scan.see((await readRange(client, signal)).latest)
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      scan.see(undefined)
      // The server has no time even for this: a page now would only wait as long again.
      if (asksLess(error)) throw error
    }
  }

  return {
    async ask(start, limit, signal) {
      try {
        return await inWindow(start, Math.min(limit, mostEvents), signal)
      } catch (error) {
        const allowed = error instanceof SourceError ? error.limit : undefined
        if (allowed === undefined || allowed < 1 || allowed >= mostEvents) throw error
        mostEvents = allowed
        return inWindow(start, Math.min(limit, mostEvents), signal)
      }
    },
  }
}

function asksLess({ fault }: SourceError): boolean {
  return REACTIONS[fault].askLess === 'ledgers'
}

/** False for an event without an id: the reader of the events refuses it. */
function isUpTo(after: string, event: unknown): boolean {
  const { id } = (event ?? {}) as { id?: unknown }
  return typeof id === 'string' && id <= after
}
