/**
 * What a Soroban RPC answers, as a pure function of a node's state and a request. Texts, codes and
 * the order of checks are the real server's (test/source/conformance.test.ts holds it to that);
 * methods that a recording cannot answer do not exist here.
 */
import { getEvents } from './get-events.ts'
import { getHealth } from './get-health.ts'
import { getLatestLedger, getLedgers } from './get-ledgers.ts'
import { getLedgerEntries } from './get-ledger-entries.ts'
import { decodeParams, isObject, struct } from './go-json.ts'
import type { NodeView } from './node.ts'
import { INTERNAL_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, RpcError } from './rpc-error.ts'

export interface RpcRequest {
  method: string
  /** As `parseJson` of go-json.ts reads it. */
  params?: unknown
}

/** `result` is JSON text: recorded events are not parsed and printed for every answer. */
export type RpcAnswer = { result: string } | { error: RpcError }

export function answerRequest(node: NodeView, request: RpcRequest): RpcAnswer {
  try {
    return { result: resultOf(node, request) }
  } catch (error) {
    if (error instanceof RpcError) return { error }
    throw error
  }
}

type Method = (node: NodeView, params: unknown) => string

const methods: ReadonlyMap<string, Method> = new Map([
  ['getEvents', getEvents],
  ['getHealth', getHealth],
  ['getLatestLedger', getLatestLedger],
  ['getLedgerEntries', getLedgerEntries],
  ['getLedgers', getLedgers],
  ['getNetwork', getNetwork],
])

/** The methods that a fault script may name. */
export const METHODS: readonly string[] = [...methods.keys()]

function resultOf(node: NodeView, { method, params }: RpcRequest): string {
  if (params !== undefined && params !== null && !Array.isArray(params) && !isObject(params)) {
    throw new RpcError(INVALID_REQUEST, 'parameters must be array or object')
  }
  if (method === '') throw new RpcError(INVALID_REQUEST, 'empty method name')
  const call = methods.get(method)
  if (call === undefined) throw new RpcError(METHOD_NOT_FOUND, 'method not found', method)
  return call(node, params)
}

const getNetworkParams = struct('GetNetworkRequest', {})

function getNetwork({ ledgers, range, settings }: NodeView, params: unknown): string {
  decodeParams(getNetworkParams, params)
  if (range === undefined) throw new RpcError(INTERNAL_ERROR, 'DB is empty')
  const { passphrase, protocolVersion } = ledgers.header.network
  return JSON.stringify({ friendbotUrl: settings.friendbotUrl, passphrase, protocolVersion })
}
