import { completeThrough, ledgerOf } from '../../domain/cursor.ts'
import { SourceError } from '../../domain/errors.ts'
import { createPageReader, malformed, readEntries, readLedgers } from './answers.ts'
import { createRpcClient } from './client.ts'
import type { RpcClient } from './client.ts'
import { createEventQuery } from './event-query.ts'
import { readRange } from './range.ts'
import type { LedgerHeader, LedgerPage, LedgerSource, PageStart } from '../source.ts'

export interface RpcSourceOptions {
  url: string
  contractId: string
  /** For one call, its body included. */
  timeoutMs: number
}

/**
 * How often a close time is worth a call of its own. getLedgers answers a ledger whole, megabytes
 * on a busy network, and a scan over quiet ledgers ends in an empty one each time.
 */
const CLOSE_TIME_EVERY_MS = 60_000

/** A Soroban RPC over HTTP. */
export function createRpcSource({ url, contractId, timeoutMs }: RpcSourceOptions): LedgerSource {
  return createSourceOver(createRpcClient(url, timeoutMs), contractId)
}

/** Whatever answers as a Soroban RPC does. `now`: milliseconds of a clock that never goes back. */
export function createSourceOver(
  client: RpcClient,
  contractId: string,
  now: () => number = () => performance.now(),
): LedgerSource {
  const query = createEventQuery(client, contractId)
  const readPage = createPageReader(contractId)
  let closeTimeAskedAt = Number.NEGATIVE_INFINITY

  async function readLedger(
    sequence: number,
    signal: AbortSignal,
  ): Promise<LedgerHeader | undefined> {
    const params = { startLedger: sequence, pagination: { limit: 1 } }
    const ledgers = readLedgers(await client.call('getLedgers', params, signal, sequence))
    return ledgers.find((ledger) => ledger.sequence === sequence)
  }

  /** Close time of the ledger where a page ends; unknown rather than a failed page. */
  async function closeTime(ledger: number, signal: AbortSignal): Promise<number | undefined> {
    closeTimeAskedAt = now()
    try {
      return (await readLedger(ledger, signal))?.closedAt
    } catch (error) {
      if (error instanceof SourceError) return undefined
      throw error
    }
  }

  /** At the tip always, which servers before v23 do not give the time of. */
  function needsCloseTime({ cursor, closedAt, tip }: LedgerPage, start: PageStart): boolean {
    if (closedAt !== undefined || ('after' in start && cursor === start.after)) return false
    return ledgerOf(cursor) === tip.ledger || now() - closeTimeAskedAt >= CLOSE_TIME_EVERY_MS
  }

  return {
    async network(signal) {
      const { passphrase } = await client.call('getNetwork', undefined, signal)
      if (typeof passphrase !== 'string') throw malformed('getNetwork', 'a passphrase')
      return { passphrase }
    },

    range: (signal) => readRange(client, signal),
    extent: (signal) => readRange(client, signal),

    async page(start, limit, signal) {
      const page = readPage(await query.ask(start, limit, signal))
      checkOrder(page, start)
      if (!needsCloseTime(page, start)) return page
      return { ...page, closedAt: await closeTime(ledgerOf(page.cursor), signal) }
    },

    async ledger(sequence, signal) {
      try {
        return await readLedger(sequence, signal)
      } catch (error) {
        // On either side of what the server has.
        if (error instanceof SourceError && error.range !== undefined) return undefined
        throw error
      }
    },

    async entries(keys, signal) {
      return readEntries(await client.call('getLedgerEntries', { keys }, signal))
    },

    reconnect: () => client.reconnect?.(),
    connections: () => client.connections?.() ?? 0,
  }
}

/** Ids ascend, come after where the page started and not after where it ended, which moves on. */
function checkOrder({ events, cursor, full, tip }: LedgerPage, start: PageStart): void {
  let before = 'after' in start ? start.after : ''
  for (const { id } of events) {
    if (id <= before) throw malformed('getEvents', `events in order: ${id} came after ${before}`)
    before = id
  }
  if (cursor < before) throw malformed('getEvents', `a cursor after its events: ${cursor}`)
  const stuck = !full && cursor === before && completeThrough(cursor) < tip.ledger
  if (stuck) throw malformed('getEvents', `a cursor that moves, though ${tip.ledger} has closed`)
}
