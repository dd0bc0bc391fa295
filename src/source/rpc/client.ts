import { SourceError } from '../../domain/errors.ts'
import { connectionFault, rpcFault, statusFault } from './faults.ts'
import { createHttpClient } from './http-client.ts'

/** The result of a method, an object, as it came. */
export type RpcResult = Record<string, unknown>

export interface RpcCall {
  method: string
  params?: Record<string, unknown>
  /** The ledger from which the request reads. It tells which of two range errors was meant. */
  startLedger?: number
}

export interface RpcClient {
  /** Throws SourceError; after an abort it rejects with the signal's reason. */
  call(call: RpcCall, signal: AbortSignal): Promise<RpcResult>
  /** The next call uses a new connection. */
  reconnect?(): void
  /** How many connections were opened; see Connections. */
  connections?(): number
}

/**
 * JSON-RPC over HTTP. The SDK's client does not fit: it decodes every XDR value of an answer and
 * rejects the whole answer if it cannot read one, and it takes no signal and no time limit. All
 * methods that are called here only read, so a call may be sent twice.
 */
export function createRpcClient(url: string, timeoutMs: number): RpcClient {
  const http = createHttpClient(url)

  async function post(body: object, signal: AbortSignal): Promise<string> {
    const timeout = AbortSignal.timeout(timeoutMs)
    try {
      const answer = await http.post(JSON.stringify(body), AbortSignal.any([signal, timeout]))
      if (answer.status === 200 || answer.status === 204) return answer.body
      throw statusFault(answer.status, answer.retryAfter)
    } catch (cause) {
      signal.throwIfAborted()
      if (cause instanceof SourceError) throw cause
      if (!timeout.aborted) throw connectionFault(cause)
      throw new SourceError('timeout', `no answer within ${timeoutMs} ms`, { cause })
    }
  }

  return {
    async call({ method, params, startLedger }, signal) {
      const body = { jsonrpc: '2.0', id: 1, method, ...(params && { params }) }
      const data = parseJson(await post(body, signal))
      if (!isRecord(data)) {
        throw new SourceError('malformed', `the answer to ${method} is not JSON`)
      }
      if ('error' in data) throw rpcFault(data['error'], startLedger)
      const { result } = data as { result?: unknown }
      if (isRecord(result)) return result
      throw new SourceError('malformed', `the answer to ${method} has no result`)
    },
    reconnect: http.reconnect,
    connections: http.connections,
  }
}

/** Undefined if `text` is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
