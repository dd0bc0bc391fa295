import { StrKey, xdr } from '@stellar/stellar-sdk/base'
import type { WireEvent } from '../recording.ts'
import { list, parsed, string, struct } from './go-json.ts'
import { INVALID_PARAMS, RpcError, unreadable } from './rpc-error.ts'

const MAX_FILTERS = 5
const MAX_CONTRACT_IDS = 5
const MAX_ROWS = 5
const MAX_SEGMENTS = 4
const FILTER_TYPES = new Set(['system', 'contract'])

/** One segment of a topic row: `*`, `**`, or an ScVal in canonical base64. */
type Segment = string

export interface WireFilter {
  type?: string[]
  contractIds?: string[]
  topics?: Segment[][]
}

export const filterDecoder = struct('EventFilter', {
  type: parsed((text) => (text === '' ? [] : text.split(','))),
  contractIds: list('[]string', (value, place) => string(value, place)),
  topics: list('[]protocol.TopicFilter', list('protocol.TopicFilter', parsed(parseSegment))),
})

/** Throws RpcError, in the words and the order of the real server. */
export function checkFilters(filters: readonly WireFilter[]): void {
  if (filters.length > MAX_FILTERS) {
    throw new RpcError(INVALID_PARAMS, `maximum ${MAX_FILTERS} filters per request`)
  }
  for (const [index, filter] of filters.entries()) {
    const fault = faultOf(filter)
    if (fault !== undefined) {
      throw new RpcError(INVALID_PARAMS, `filter ${index + 1} invalid: ${fault}`)
    }
  }
}

/** An event matches if it matches any of the filters. Without filters every event matches. */
export function createMatcher(filters: readonly WireFilter[]): (event: WireEvent) => boolean {
  if (filters.length === 0) return () => true
  return (event) => filters.some((filter) => matches(filter, event))
}

function faultOf({ type = [], contractIds = [], topics = [] }: WireFilter): string | undefined {
  if (!type.every((name) => FILTER_TYPES.has(name))) {
    return "filter type invalid: if set, type must be either 'system' or 'contract'"
  }
  if (contractIds.length > MAX_CONTRACT_IDS) {
    return `maximum ${MAX_CONTRACT_IDS} contract IDs per filter`
  }
  if (topics.length > MAX_ROWS) return `maximum ${MAX_ROWS} topics per filter`
  const badId = contractIds.findIndex((id) => !StrKey.isValidContract(id))
  if (badId >= 0) return `contract ID ${badId + 1} invalid`
  for (const [index, row] of topics.entries()) {
    const fault = rowFault(row)
    if (fault !== undefined) return `topic ${index + 1} invalid: ${fault}`
  }
  return undefined
}

function rowFault(row: readonly Segment[]): string | undefined {
  if (row.length === 0) return 'topic must have at least 1 segment'
  const rest = row.indexOf('**')
  if (rest >= 0 && rest < row.length - 1) {
    return `segment ${rest + 1} invalid: wildcard '**' is only allowed as the last segment`
  }
  const counted = rest < 0 ? row.length : row.length - 1
  return counted > MAX_SEGMENTS ? `topic cannot have more than ${MAX_SEGMENTS} segments` : undefined
}

function matches({ type = [], contractIds = [], topics = [] }: WireFilter, event: WireEvent) {
  if (type.length > 0 && !type.includes(event.type)) return false
  if (contractIds.length > 0 && !contractIds.includes(event.contractId)) return false
  return topics.length === 0 || topics.some((row) => rowMatches(row, event.topic ?? []))
}

function rowMatches(row: readonly Segment[], topic: readonly string[]): boolean {
  const open = row.at(-1) === '**'
  const fixed = open ? row.length - 1 : row.length
  if (open ? topic.length < fixed : topic.length !== fixed) return false
  return row.slice(0, fixed).every((segment, index) => segment === '*' || segment === topic[index])
}

/** Encodes values again, so that those with the same bytes are equal. */
function parseSegment(text: string): Segment {
  if (text === '*' || text === '**') return text
  return decodeXdr(() => xdr.ScVal.fromXdr(strictBase64(text)).toXdr('base64'))
}

/** The text in `data` is our own: the real server has the text of its XDR decoder. */
function decodeXdr(decode: () => string): string {
  try {
    return decode()
  } catch (cause) {
    throw unreadable(cause instanceof Error ? cause.message : String(cause))
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The SDK and Node also read base64 without padding; the real server does not. */
export function strictBase64(text: string): Uint8Array {
  if (!BASE64.test(text)) throw new SyntaxError('illegal base64 data')
  return Buffer.from(text, 'base64')
}
