import { SourceError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'
import { firstLedgerOf } from '../page-start.ts'
import type { EventsAnswer } from './answers.ts'
import type { RpcClient } from './client.ts'
import { createEventRequests } from './event-requests.ts'
import { readRange } from './range.ts'
import { createScanWindow } from './scan-window.ts'
import type { PageStart } from '../source.ts'

/** Asks one server for one contract's events, and for no more than the server can answer. */
export interface EventQuery {
  /** At most `limit` events from `start` on. Throws SourceError. */
  ask(start: PageStart, limit: number, signal: AbortSignal): Promise<EventsAnswer>
}

/** The most events that servers answer in one call, unless configured otherwise. */
const MAX_LIMIT = 10_000

/** Asks by cursor. Only a server that runs out of time is asked for ranges of ledgers. */
export function createEventQuery(client: RpcClient, contractId: string): EventQuery {
  const { byCursor, byRange } = createEventRequests(client, contractId)
  const scan = createScanWindow()
  /** The most events that this server answers in one call, as far as it has said so. */
  let maxLimit = MAX_LIMIT

  async function askInWindow(
    start: PageStart,
    limit: number,
    signal: AbortSignal,
  ): Promise<EventsAnswer> {
    const from = firstLedgerOf(start)
    if (scan.needsTip()) await findTip(signal)
    const end = scan.end(from)
    try {
      const answer = await (end === undefined
        ? byCursor(start, limit, signal)
        : byRange(start, { end, limit, maxLimit }, signal))
      scan.sawTip(answer.tip.ledger)
      scan.answered()
      return answer
    } catch (error) {
      if (error instanceof SourceError && needsSmallerScan(error)) scan.gaveUp(from)
      throw error
    }
  }

  /** If the tip cannot be read, the last known one is used. */
  async function findTip(signal: AbortSignal): Promise<void> {
    try {
      scan.sawTip((await readRange(client, signal)).latest)
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      scan.sawTip(undefined)
      // A server that has no time even for this has no time for a page either.
      if (needsSmallerScan(error)) throw error
    }
  }

  return {
    async ask(start, limit, signal) {
      try {
        return await askInWindow(start, Math.min(limit, maxLimit), signal)
      } catch (error) {
        const allowed = error instanceof SourceError ? error.limit : undefined
        if (allowed === undefined || allowed < 1 || allowed >= maxLimit) throw error
        maxLimit = allowed
        return askInWindow(start, Math.min(limit, maxLimit), signal)
      }
    },
  }
}

function needsSmallerScan({ fault }: SourceError): boolean {
  return REACTIONS[fault].askLess === 'ledgers'
}
