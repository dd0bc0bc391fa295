import { xdr } from '@stellar/stellar-sdk/base'
import { endOfLedger } from '../../domain/cursor.ts'
import type { WireEvent } from '../recording.ts'
import { checkFilters, createMatcher } from './filters.ts'
import { decodeParams } from './go-json.ts'
import { lowerBound, type IndexedEvent } from './ledgers.ts'
import type { NodeView } from './node.ts'
import { type EventPosition, formatFault, getEventsParams } from './params.ts'
import {
  INTERNAL_ERROR,
  INVALID_PARAMS,
  INVALID_REQUEST,
  RpcError,
  TIME_LIMIT,
} from './rpc-error.ts'

/** The most ledgers that one call scans, even if its range is wider. */
const SCAN_LIMIT = 10_000

type Request = ReturnType<typeof getEventsParams>

/** The result as JSON text. Throws RpcError. */
export function getEvents(node: NodeView, params: unknown): string {
  const request = decodeParams(getEventsParams, params)
  check(request, node.settings.maxEventsLimit)
  const { ledgers, range, settings } = node
  if (range === undefined) throw new RpcError(INTERNAL_ERROR, 'DB is empty')
  const start = startOf(request)
  if (start.ledger < range.oldest || start.ledger > range.latest) {
    const { oldest, latest } = range
    const message = `startLedger must be within the ledger range: ${oldest} - ${latest}`
    throw new RpcError(INVALID_REQUEST, message)
  }
  const scanEnd = Math.min(start.ledger + SCAN_LIMIT, range.latest + 1)
  const end = Math.min(scanEnd, request.endLedger || scanEnd)
  const limit = request.pagination?.limit || settings.defaultEventsLimit
  const page = select(ledgers.events, {
    from: start.id,
    end,
    limit,
    filters: request.filters ?? [],
  })
  // A full page ends the scan at its last event.
  const scannedTo = page.length === limit ? page.at(-1)!.event.ledger + 1 : end
  if (scannedTo - start.ledger > settings.scanBudget) {
    throw new RpcError(TIME_LIMIT, `[${TIME_LIMIT}] request exceeded processing limit threshold`)
  }

  const cursor = page.length === limit ? page.at(-1)?.event.id : endOfLedger(end - 1)
  const write = request.xdrFormat === 'json' ? jsonFormat : base64Format
  const rest = {
    cursor,
    latestLedger: range.latest,
    oldestLedger: range.oldest,
    latestLedgerCloseTime: String(ledgers.closeTime(range.latest)),
    oldestLedgerCloseTime: String(ledgers.closeTime(range.oldest)),
  }
  return `{"events":[${page.map(write).join(',')}],${JSON.stringify(rest).slice(1)}`
}

/** In the order of the real server, so that of several faults the same one is reported. */
function check(request: Request, maxLimit: number): void {
  const { startLedger = 0, endLedger = 0, filters = [], pagination } = request
  const format = formatFault(request.xdrFormat)
  if (format !== undefined) throw refuse(format)
  if (pagination?.cursor !== undefined) {
    if (startLedger !== 0 || endLedger !== 0) {
      throw refuse('ledger ranges and cursor cannot both be set')
    }
  } else if (startLedger === 0) throw refuse('startLedger must be positive')
  if ((pagination?.limit ?? 0) > maxLimit) throw refuse(`limit must not exceed ${maxLimit}`)
  checkFilters(filters)
}

function refuse(message: string): RpcError {
  return new RpcError(INVALID_PARAMS, message)
}

/** The first id to scan, and its ledger. A cursor itself is not included. */
function startOf({ startLedger = 0, pagination }: Request): { ledger: number; id: string } {
  const cursor = pagination?.cursor
  if (cursor === undefined) {
    return { ledger: startLedger, id: idOf({ toid: BigInt(startLedger) << 32n, event: 0n }) }
  }
  // The server's uint32 wraps around. At the end of a window this does no harm, because no event is
  // there. But the last index of a real operation returns that operation's events again.
  const event = BigInt.asUintN(32, cursor.event + 1n)
  return { ledger: Number(cursor.toid >> 32n), id: idOf({ toid: cursor.toid, event }) }
}

function idOf({ toid, event }: EventPosition): string {
  return `${toid.toString().padStart(19, '0')}-${event.toString().padStart(10, '0')}`
}

interface Selection {
  from: string
  /** The first ledger that is not scanned. */
  end: number
  limit: number
  filters: NonNullable<Request['filters']>
}

function select(events: readonly IndexedEvent[], { from, end, limit, filters }: Selection) {
  const matches = createMatcher(filters)
  const page: IndexedEvent[] = []
  for (let i = lowerBound(events, ({ event }) => event.id < from); page.length < limit; i += 1) {
    const next = events[i]
    if (next === undefined || next.event.ledger >= end) break
    if (matches(next.event)) page.push(next)
  }
  return page
}

const base64Format = ({ json }: IndexedEvent): string => json

function jsonFormat({ event }: IndexedEvent): string {
  const { topic, value, ...rest }: WireEvent = event
  const topicJson = topic?.map(scValJson)
  return JSON.stringify({ ...rest, topicJson, valueJson: scValJson(value) })
}

function scValJson(base64: string): unknown {
  try {
    return xdr.ScVal.fromXdr(base64, 'base64').toJson()
  } catch (cause) {
    // A recording can have values that are newer than the SDK.
    throw new RpcError(INTERNAL_ERROR, cause instanceof Error ? cause.message : String(cause))
  }
}
