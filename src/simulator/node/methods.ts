/**
 * What a Soroban RPC answers: a pure function of a node's state and a request. Texts, codes and the
 * order of checks are those of the real server (see test/simulator/conformance.test.ts). Methods
 * that a recording cannot answer do not exist.
 *
 * - methods.ts             the methods by name, and getNetwork
 * - get-*.ts               the other methods
 * - params.ts, filters.ts  their parameters
 * - node.ts                the state of a node
 * - ledgers.ts             the recording as a database of ledgers
 * - ledger-xdr.ts          XDR that the recording does not have
 * - go-json.ts             JSON as the real server reads it
 * - rpc-error.ts           JSON-RPC errors
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
  /** Read with `parseJson` of go-json.ts. */
  params?: unknown
}

/** `result` is JSON text, so that recorded events are not encoded for every answer. */
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
