import type { LedgerRange } from '../../domain/ledger.ts'
import { decodeParams, parseUint, struct } from './go-json.ts'
import { emptyMeta, headerEntry, ledgerHeader } from './ledger-xdr.ts'
import type { Ledgers } from './ledgers.ts'
import type { NodeView } from './node.ts'
import { formatFault, getLedgersParams } from './params.ts'
import { INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, RpcError } from './rpc-error.ts'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200

type Request = ReturnType<typeof getLedgersParams>

export function getLedgers({ ledgers, range }: NodeView, params: unknown): string {
  const request = decodeParams(getLedgersParams, params)
  check(request)
  if (range === undefined) throw new RpcError(INTERNAL_ERROR, 'DB is empty')
  const start = startOf(request, range)
  const limit = request.pagination?.limit || DEFAULT_LIMIT
  const count = Math.min(limit, range.latest - start + 1)
  const write = request.xdrFormat === 'json' ? jsonFormat : base64Format
  return JSON.stringify({
    ledgers: Array.from({ length: count }, (_, index) => write(ledgers, start + index)),
    latestLedger: range.latest,
    latestLedgerCloseTime: ledgers.closeTime(range.latest),
    oldestLedger: range.oldest,
    oldestLedgerCloseTime: ledgers.closeTime(range.oldest),
    cursor: String(start + count - 1),
  })
}

const getLatestLedgerParams = struct('GetLatestLedgerRequest', {})

export function getLatestLedger({ ledgers, range }: NodeView, params: unknown): string {
  decodeParams(getLatestLedgerParams, params)
  if (range === undefined) {
    throw new RpcError(INTERNAL_ERROR, 'could not get latest ledger sequence')
  }
  const { latest } = range
  return JSON.stringify({
    id: ledgers.hash(latest),
    protocolVersion: ledgers.header.network.protocolVersion,
    sequence: latest,
    closeTime: String(ledgers.closeTime(latest)),
    headerXdr: ledgerHeader(ledgers, latest).toXdr('base64'),
    metadataXdr: emptyMeta(ledgers, latest).toXdr('base64'),
  })
}

/** Unlike for getEvents, the real server reports all of them together. */
function check({ startLedger = 0, pagination, xdrFormat }: Request): void {
  const { cursor = '', limit = 0 } = pagination ?? {}
  const faults = [
    startLedger !== 0 && cursor !== ''
      ? `startLedger (${startLedger}) and cursor (${cursor}) cannot both be set`
      : undefined,
    limit > MAX_LIMIT ? `limit must not exceed ${MAX_LIMIT}` : undefined,
    formatFault(xdrFormat),
  ].filter((fault) => fault !== undefined)
  if (faults.length > 0) throw new RpcError(INVALID_REQUEST, faults.join('\n'))
}

function startOf(
  { startLedger = 0, pagination }: Request,
  { oldest, latest }: LedgerRange,
): number {
  const bounds = `must be between the oldest ledger: ${oldest} and the latest ledger: ${latest} for this rpc instance`
  const cursor = pagination?.cursor ?? ''
  if (cursor === '') {
    if (startLedger >= oldest && startLedger <= latest) return startLedger
    throw new RpcError(INVALID_REQUEST, `start ledger (${startLedger}) ${bounds}`)
  }
  const last = parseUint(cursor, 32)
  if ('complaint' in last) throw new RpcError(INVALID_PARAMS, last.complaint)
  const start = Number(last.value) + 1
  if (start >= oldest && start <= latest) return start
  throw new RpcError(INVALID_PARAMS, `cursor ('${cursor}') ${bounds}`)
}

function base64Format(ledgers: Ledgers, sequence: number) {
  return {
    hash: ledgers.hash(sequence),
    sequence,
    ledgerCloseTime: String(ledgers.closeTime(sequence)),
    headerXdr: headerEntry(ledgers, sequence).toXdr('base64'),
    metadataXdr: emptyMeta(ledgers, sequence).toXdr('base64'),
  }
}

function jsonFormat(ledgers: Ledgers, sequence: number) {
  return {
    hash: ledgers.hash(sequence),
    sequence,
    ledgerCloseTime: String(ledgers.closeTime(sequence)),
    headerXdr: '',
    headerJson: headerEntry(ledgers, sequence).toJson(),
    metadataXdr: '',
    metadataJson: emptyMeta(ledgers, sequence).toJson(),
  }
}
