/** A JSON-RPC error as the real server words it; `data` is left out where the server leaves it out. */
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

/** What the server says of parameters that it cannot even read; `data` tells why. */
export function unreadable(data: string): RpcError {
  return new RpcError(INVALID_PARAMS, 'invalid parameters', data)
}
