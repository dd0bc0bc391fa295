/**
 * One Soroban RPC server as a ledger source.
 *
 * - rpc.ts             the source
 * - event-query.ts     getEvents, for no more ledgers and events than the server can answer
 * - event-requests.ts  the two forms of a getEvents request
 * - scan-window.ts     how many ledgers one request may cover
 * - range.ts           the ledgers that the server has
 * - answers.ts         checks what the server answered
 * - faults.ts          what a failed call means
 * - client.ts          JSON-RPC
 * - http-client.ts     HTTP
 * - connections.ts     the connections to the server
 * - recorder.ts        writes a recording of what the server has
 * - ledger-headers.ts  hashes and close times, for the recorder
 */
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
  /** For one call, including its body. */
  timeoutMs: number
}

/**
 * The least time between two calls that only ask for a close time. getLedgers answers with the
 * whole ledger, which is megabytes on a busy network, and a scan over quiet ledgers would need one
 * for every page.
 */
const CLOSE_TIME_EVERY_MS = 60_000

/** A Soroban RPC over HTTP. */
export function createRpcSource({ url, contractId, timeoutMs }: RpcSourceOptions): LedgerSource {
  return createClientSource(createRpcClient(url, timeoutMs), { contractId })
}

export interface ClientSourceOptions {
  contractId: string
  /** Milliseconds of a clock that never goes back. */
  now?: (() => number) | undefined
}

/** A source over any client that answers like a Soroban RPC. */
export function createClientSource(
  client: RpcClient,
  { contractId, now = () => performance.now() }: ClientSourceOptions,
): LedgerSource {
  const query = createEventQuery(client, contractId)
  const readPage = createPageReader(contractId)
  let closeTimeAskedAt = Number.NEGATIVE_INFINITY

  /** Undefined if it cannot be read: a page must not fail because of it. */
  async function askCloseTime(ledger: number, signal: AbortSignal): Promise<number | undefined> {
    closeTimeAskedAt = now()
    try {
      return (await askLedger(client, ledger, signal))?.closedAt
    } catch (error) {
      if (error instanceof SourceError) return undefined
      throw error
    }
  }

  /** Always for the tip: servers before v23 do not send its close time. */
  function needsCloseTime({ cursor, closedAt, tip }: LedgerPage, start: PageStart): boolean {
    if (closedAt !== undefined || ('after' in start && cursor === start.after)) return false
    return ledgerOf(cursor) === tip.ledger || now() - closeTimeAskedAt >= CLOSE_TIME_EVERY_MS
  }

  return {
    async network(signal) {
      const { passphrase } = await client.call({ method: 'getNetwork' }, signal)
      if (typeof passphrase !== 'string') throw malformed('getNetwork', 'a passphrase')
      return { passphrase }
    },

    range: (signal) => readRange(client, signal),
    extent: (signal) => readRange(client, signal),

    async page(start, limit, signal) {
      const page = readPage(await query.ask(start, limit, signal))
      checkOrder(page, start)
      if (!needsCloseTime(page, start)) return page
      return { ...page, closedAt: await askCloseTime(ledgerOf(page.cursor), signal) }
    },

    async ledger(sequence, signal) {
      try {
        return await askLedger(client, sequence, signal)
      } catch (error) {
        // The server named its range: the ledger is before or after it.
        if (error instanceof SourceError && error.range !== undefined) return undefined
        throw error
      }
    },

    async entries(keys, signal) {
      return readEntries(
        await client.call({ method: 'getLedgerEntries', params: { keys } }, signal),
      )
    },

    reconnect: () => client.reconnect?.(),
    connections: () => client.connections?.() ?? 0,
  }
}

async function askLedger(
  client: RpcClient,
  sequence: number,
  signal: AbortSignal,
): Promise<LedgerHeader | undefined> {
  const params = { startLedger: sequence, pagination: { limit: 1 } }
  const call = { method: 'getLedgers', params, startLedger: sequence }
  const ledgers = readLedgers(await client.call(call, signal))
  return ledgers.find((ledger) => ledger.sequence === sequence)
}

/** Ids must ascend, between the start and the cursor. Below the tip, the cursor must advance. */
function checkOrder({ events, cursor, full, tip }: LedgerPage, start: PageStart): void {
  let before = 'after' in start ? start.after : ''
  for (const { id } of events) {
    if (id <= before) throw malformed('getEvents', `events in order: ${id} came after ${before}`)
    before = id
  }
  if (cursor < before) throw malformed('getEvents', `a cursor after its events: ${cursor}`)
  const isStuck = !full && cursor === before && completeThrough(cursor) < tip.ledger
  if (isStuck) throw malformed('getEvents', `a cursor that moves, though ${tip.ledger} has closed`)
}
