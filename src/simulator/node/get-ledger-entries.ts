import { xdr } from '@stellar/stellar-sdk/base'
import type { WireEntry } from '../recording.ts'
import { strictBase64 } from './filters.ts'
import { decodeParams } from './go-json.ts'
import type { NodeView } from './node.ts'
import { formatFault, getLedgerEntriesParams } from './params.ts'
import { INTERNAL_ERROR, INVALID_PARAMS, RpcError } from './rpc-error.ts'

const MAX_KEYS = 200
/** LedgerEntryExt v0. */
const EXT_XDR = 'AAAAAA=='

/** Entries at the latest ledger. Only the recorded contract has entries. */
export function getLedgerEntries({ ledgers, range }: NodeView, params: unknown): string {
  const { keys = [], xdrFormat } = decodeParams(getLedgerEntriesParams, params)
  const format = formatFault(xdrFormat)
  if (format !== undefined) throw new RpcError(INVALID_PARAMS, format)
  if (keys.length > MAX_KEYS) {
    const message = `key count (${keys.length}) exceeds maximum supported (${MAX_KEYS})`
    throw new RpcError(INVALID_PARAMS, message)
  }
  const decoded = keys.map(decodeKey)
  if (range === undefined) {
    throw new RpcError(INTERNAL_ERROR, 'could not get latest ledger: DB is empty')
  }
  if (!ledgers.hasEntries) {
    // A recording that was made from an RPC has no entries. An empty answer would be wrong.
    throw new RpcError(INTERNAL_ERROR, 'could not query captive core: the recording has no entries')
  }
  const entries = decoded
    .map((key) => ledgers.entry(key.toXdr('base64'), range.latest))
    .filter((entry) => entry !== undefined)
    .map((entry) => (xdrFormat === 'json' ? jsonFormat(entry) : base64Format(entry)))
  return JSON.stringify({ entries, latestLedger: range.latest })
}

function decodeKey(text: string, index: number): xdr.LedgerKey {
  const key = tryDecode(text)
  if (key === undefined) {
    const message = `cannot unmarshal key value ${text} at index ${index}`
    throw new RpcError(INVALID_PARAMS, message)
  }
  if (key.type === 'ttl') {
    throw new RpcError(INVALID_PARAMS, 'ledger ttl entries cannot be queried directly')
  }
  return key
}

function tryDecode(text: string): xdr.LedgerKey | undefined {
  try {
    return xdr.LedgerKey.fromXdr(strictBase64(text))
  } catch {
    return undefined
  }
}

function base64Format(entry: WireEntry) {
  return { ...entry, extXdr: EXT_XDR }
}

function jsonFormat({ key, xdr: entryXdr, ...ledgers }: WireEntry) {
  return {
    keyJson: xdr.LedgerKey.fromXdr(key, 'base64').toJson(),
    dataJson: xdr.LedgerEntryData.fromXdr(entryXdr, 'base64').toJson(),
    ...ledgers,
    extJson: 'v0',
  }
}
