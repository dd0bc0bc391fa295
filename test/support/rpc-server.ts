import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export type Params = Record<string, unknown> | undefined

/** The members of an answer beside its version and id, or a function that answers over HTTP. */
export type Reply = object | ((response: ServerResponse) => void)

export interface RpcCall {
  method: string
  params?: Record<string, unknown>
}

export interface RpcServer {
  url: string
  /** The calls so far. */
  calls: RpcCall[]
  headers: IncomingHttpHeaders[]
  /** Connections made so far. */
  connections(): number
  /** Connections open now. */
  open(): number
}

/** A server that answers JSON-RPC calls by method over real sockets, until the test is over. */
export async function serveRpc(
  replies: Record<string, (params: Params) => Reply>,
  options: { port?: number } = {},
): Promise<RpcServer> {
  const calls: RpcCall[] = []
  const headers: IncomingHttpHeaders[] = []
  let connections = 0
  let open = 0

  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      const { method, params } = JSON.parse(body) as RpcCall
      calls.push({ method, ...(params && { params }) })
      headers.push(request.headers)
      const reply = replies[method]?.(params) ?? {}
      if (typeof reply === 'function') (reply as (response: ServerResponse) => void)(response)
      else response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...reply }))
    })
  })
  // Only the client ends connections.
  server.keepAliveTimeout = 0
  server.on('connection', (socket) => {
    connections += 1
    open += 1
    socket.on('close', () => {
      open -= 1
    })
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    const gone = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await gone
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    calls,
    headers,
    connections: () => connections,
    open: () => open,
  }
}

export function status(code: number, body = '', headers: Record<string, string> = {}) {
  return (response: ServerResponse) => void response.writeHead(code, headers).end(body)
}

/** Breaks the connection with a RST. */
export function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy()
}

/** Never answers. */
export function silence(): void {}
