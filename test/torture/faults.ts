import type { ServerResponse } from 'node:http'

/** How an endpoint can fail a call. */

const LATE_MS = 80
const HTML = '<!doctype html><html><body><h1>Bad Gateway</h1></body></html>\n'

/** Faults and their relative frequency. A hang is rare because it costs a second. */
const FAULTS: readonly [weight: number, kind: EndpointFault][] = [
  [1, { kind: 'hang' }],
  [3, { kind: 'late' }],
  [3, { kind: 'reset' }],
  [2, { kind: 'status', status: 429, retryAfter: 0 }],
  [1, { kind: 'status', status: 429, retryAfter: 1 }],
  [1, { kind: 'status', status: 502 }],
  [2, { kind: 'status', status: 503 }],
  [1, { kind: 'status', status: 503, retryAfter: 1 }],
  [3, { kind: 'status', status: 504 }],
  [3, { kind: 'truncated' }],
  [2, { kind: 'html' }],
  [2, { kind: 'error', code: -32_001, message: 'request exceeded processing limit threshold' }],
  [2, { kind: 'error', code: -32_603, message: 'could not connect to the database' }],
  [2, { kind: 'error', code: -32_099, message: 'the dog ate it' }],
  [3, { kind: 'unhealthy' }],
  [4, { kind: 'node', node: 'lagging' }],
  [4, { kind: 'node', node: 'fresh' }],
]

export type EndpointFault =
  | { kind: 'hang' | 'late' | 'reset' | 'truncated' | 'html' | 'unhealthy' }
  | { kind: 'status'; status: number; retryAfter?: number }
  | { kind: 'error'; code: number; message: string }
  | { kind: 'node'; node: 'lagging' | 'fresh' }

/** A random fault, by the frequencies above. */
export function drawFault(random: () => number): EndpointFault {
  const total = FAULTS.reduce((sum, [weight]) => sum + weight, 0)
  let left = random() * total
  for (const [weight, kind] of FAULTS) {
    left -= weight
    if (left < 0) return kind
  }
  return { kind: 'reset' }
}

export interface FailingCall {
  /** URL of the node that would have answered. */
  node: string
  /** The body of the request. */
  call: string
  response: ServerResponse
}

/** Answers a call wrongly, late or not at all. */
export async function fail(
  fault: Exclude<EndpointFault, { kind: 'node' }>,
  { node, call, response }: FailingCall,
): Promise<void> {
  switch (fault.kind) {
    case 'hang':
      return
    case 'late':
      setTimeout(() => void relay(node, call, response).catch(() => {}), LATE_MS)
      return
    case 'reset':
      return void response.socket?.resetAndDestroy()
    case 'status':
      if (fault.retryAfter !== undefined) response.setHeader('Retry-After', fault.retryAfter)
      return void response.writeHead(fault.status).end()
    case 'html':
      return void response.writeHead(200, { 'Content-Type': 'text/html' }).end(HTML)
    case 'truncated': {
      const body = await ask(node, call)
      response.writeHead(200, headersFor(body))
      return void response.write(body.subarray(0, body.length >> 1), () => {
        response.socket?.end()
      })
    }
    case 'error':
      return reply({ code: fault.code, message: `[${fault.code}] ${fault.message}` })
    case 'unhealthy':
      // Only this method says so; the others answer as usual.
      if (!call.includes('"getHealth"')) return relay(node, call, response)
      return reply({
        code: -32_603,
        message: '[-32603] latency (45s) since last known ledger closed is too high (>30s)',
      })
  }

  function reply(error: { code: number; message: string }): void {
    const { id } = JSON.parse(call) as { id: unknown }
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, error }))
    response.writeHead(200, headersFor(body)).end(body)
  }
}

/** Answers a call with what the node answers. */
export async function relay(node: string, call: string, response: ServerResponse): Promise<void> {
  const body = await ask(node, call)
  response.writeHead(200, headersFor(body)).end(body)
}

async function ask(url: string, call: string): Promise<Buffer> {
  const headers = { 'Content-Type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: call })
  return Buffer.from(await response.arrayBuffer())
}

function headersFor(body: Buffer): Record<string, string | number> {
  return { 'Content-Type': 'application/json', 'Content-Length': body.length }
}
