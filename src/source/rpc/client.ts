import { SourceError } from '../../domain/errors.ts'
import { createHttpClient } from './http-client.ts'
import { connectionFault, rpcFault, statusFault } from './faults.ts'

export interface RpcClient {
  /**
   * The method's result as it came over the wire, an object. `ledger` is where the request wants
   * to start, which tells one range error from the other. Throws SourceError; an abort rejects
   * with the signal's reason.
   */
  call(
    method: string,
    params: Record<string, unknown> | undefined,
    signal: AbortSignal,
    ledger?: number,
  ): Promise<Record<string, unknown>>
  /** The next call uses a new connection. */
  reconnect?(): void
  /** See HttpClient. */
  connections?(): number
}

/**
 * JSON-RPC over HTTP. The SDK's typed methods decode every XDR value of an answer and reject it
 * whole for one they cannot read, and take neither a signal nor a time-out; a page of events must
 * survive both. Every method that is called here only reads, so a call may be sent twice.
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
    async call(method, params, signal, ledger) {
      const body = { jsonrpc: '2.0', id: 1, method, ...(params && { params }) }
      const data = parsed(await post(body, signal))
      if (!isRecord(data)) {
        throw new SourceError('malformed', `${method} was not answered in JSON`)
      }
      if ('error' in data) throw rpcFault(data['error'], ledger)
      const { result } = data as { result?: unknown }
      if (isRecord(result)) return result
      throw new SourceError('malformed', `the answer to ${method} has no result`)
    },
    reconnect: http.reconnect,
    connections: http.connections,
  }
}

/** Undefined for what is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
