/** JSON-RPC messages as the real server's library (jrpc2) reads and writes them. */
import { isObject, numberText, parseJson } from './node/go-json.ts'
import type { RpcAnswer, RpcRequest } from './node/methods.ts'
import { INVALID_REQUEST, PARSE_ERROR, RpcError } from './node/rpc-error.ts'

/** A call. `id` is JSON text; undefined in a notification. */
export interface Call extends RpcRequest {
  id: string | undefined
}

/** A member that is not a valid call, and its error. */
export interface Refused {
  id: string
  error: RpcError
}

export interface Message {
  batch: boolean
  members: readonly (Call | Refused)[]
}

/** Undefined if `text` is not JSON. */
export function parseMessage(text: string): Message | undefined {
  let body: unknown
  try {
    body = parseJson(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(body)) return { batch: false, members: [parseMember(body)] }
  return { batch: true, members: body.map(parseMember) }
}

/** Undefined if there is nothing to answer: notifications and the empty batch. */
export function encodeReplies({ batch }: Message, replies: readonly string[]): string | undefined {
  if (replies.length === 0) return undefined
  return batch ? `[${replies.join(',')}]` : replies[0]
}

export function encodeReply(id: string, answer: RpcAnswer): string {
  const head = `{"jsonrpc":"2.0","id":${id},`
  if ('result' in answer) return `${head}"result":${answer.result}}`
  const { code, message, data } = answer.error
  return `${head}"error":${JSON.stringify({ code, message, data })}}`
}

function parseMember(body: unknown): Call | Refused {
  // Go reads null as an empty object.
  const member = body === null ? {} : body
  if (!isObject(member)) return malformed('null', 'request is not a JSON object')
  const { jsonrpc, id: givenId, method = '', params, ...rest } = member
  const id = idText(givenId)
  if (id === undefined) return invalid('null', 'invalid request ID')
  if (jsonrpc !== undefined && typeof jsonrpc !== 'string') {
    return malformed(id, 'invalid version key')
  }
  if (jsonrpc !== '2.0') return invalid(id, 'invalid version marker')
  if (typeof method !== 'string') return malformed(id, 'invalid method name')
  const extra = Object.keys(rest)
  if (extra.length > 0) {
    return { id, error: new RpcError(INVALID_REQUEST, 'extra fields in request', extra) }
  }
  return { id: id === 'null' ? undefined : id, method, params }
}

/** No id counts as null. Undefined if `id` cannot be an id. */
function idText(id: unknown): string | undefined {
  if (id === undefined || id === null) return 'null'
  return typeof id === 'string' ? JSON.stringify(id) : numberText(id)
}

function malformed(id: string, message: string): Refused {
  return { id, error: new RpcError(PARSE_ERROR, message) }
}

function invalid(id: string, message: string): Refused {
  return { id, error: new RpcError(INVALID_REQUEST, message) }
}
