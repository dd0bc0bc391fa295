import { Server } from '@stellar/stellar-sdk/rpc'
import { SourceError } from '../domain/errors.ts'
import { rpcFault, transportFault } from './rpc-faults.ts'

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
}

/** Ten thousand events are some ten megabytes; what is larger is not an answer of ours. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024

/**
 * JSON-RPC over the SDK's HTTP client. Its typed methods decode every XDR value of an answer and
 * reject it whole for one they cannot read, and take neither a signal nor a time-out; a page of
 * events must survive both.
 */
export function createRpcClient(url: string, timeoutMs: number): RpcClient {
  const { httpClient } = new Server(url, { allowHttp: url.startsWith('http:') })
  const { address, headers } = addressed(url)

  return {
    async call(method, params, signal, ledger) {
      const timeout = AbortSignal.timeout(timeoutMs)
      const body = { jsonrpc: '2.0', id: 1, method, ...(params && { params }) }
      let data: unknown
      try {
        const response = await httpClient.post<unknown>(address, body, {
          headers,
          maxContentLength: MAX_ANSWER_BYTES,
          fetchOptions: { signal: AbortSignal.any([signal, timeout]) },
        })
        ;({ data } = response)
      } catch (cause) {
        signal.throwIfAborted()
        throw transportFault(cause, timeout)
      }
      if (!isRecord(data)) {
        throw new SourceError('malformed', `${method} was not answered in JSON`)
      }
      if ('error' in data) throw rpcFault(data['error'], ledger)
      const { result } = data as { result?: unknown }
      if (isRecord(result)) return result
      throw new SourceError('malformed', `the answer to ${method} has no result`)
    },
  }
}

/** Fetch takes no credentials in a URL, and its refusal would show them. */
function addressed(url: string): { address: string; headers: Record<string, string> } {
  const address = new URL(url)
  const { username, password } = address
  if (username === '' && password === '') return { address: address.href, headers: {} }
  address.username = ''
  address.password = ''
  const credentials = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')
  return { address: address.href, headers: { authorization: `Basic ${credentials}` } }
}

/** A stray percent sign is taken as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
