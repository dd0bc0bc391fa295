import { filterDecoder } from './filters.ts'
import {
  list,
  optional,
  parsed,
  parseInt64,
  parseUint,
  string,
  struct,
  uint32,
  uint64,
} from './go-json.ts'
import { unreadable } from './rpc-error.ts'

/** An event cursor. The server also reads cursors without the padding that it writes. */
export interface EventPosition {
  toid: bigint
  event: bigint
}

export const getEventsParams = struct('GetEventsRequest', {
  startLedger: uint32,
  endLedger: uint32,
  filters: list('[]protocol.EventFilter', filterDecoder),
  pagination: struct('PaginationOptions', {
    cursor: optional(parsed(parseEventCursor)),
    limit: uint64,
  }),
  xdrFormat: string,
})

export const getLedgersParams = struct('GetLedgersRequest', {
  startLedger: uint32,
  pagination: struct('LedgerPaginationOptions', { cursor: string, limit: uint64 }),
  xdrFormat: string,
})

export const getLedgerEntriesParams = struct('GetLedgerEntriesRequest', {
  keys: list('[]string', string),
  xdrFormat: string,
})

/** What is wrong with an `xdrFormat`, in the words of the real server. */
export function formatFault(format: string | undefined): string | undefined {
  if (format === undefined || ['', 'base64', 'json'].includes(format)) return undefined
  return `got '${format}': expected base64, json for optional 'xdrFormat'`
}

function parseEventCursor(text: string): EventPosition {
  const dash = text.indexOf('-')
  if (dash < 0) throw unreadable(`invalid event id ${text}`)
  const toid = parseInt64(text.slice(0, dash))
  if ('complaint' in toid) throw unreadable(`invalid event id ${text}: ${toid.complaint}`)
  const event = parseUint(text.slice(dash + 1), 32)
  if ('complaint' in event) throw unreadable(`invalid event id ${text}: ${event.complaint}`)
  return { toid: toid.value, event: event.value }
}
