/** A JSON-RPC error in the words of the real server; without `data` if the server sends none. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

export const PARSE_ERROR = -32700
export const INVALID_REQUEST = -32600
export const METHOD_NOT_FOUND = -32601
export const INVALID_PARAMS = -32602
export const INTERNAL_ERROR = -32603
export const TIME_LIMIT = -32001

/** The error for parameters that cannot be read; `data` says why. */
export function unreadable(data: string): RpcError {
  return new RpcError(INVALID_PARAMS, 'invalid parameters', data)
}
