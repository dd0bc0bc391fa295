/**
 * An RPC that fails in every way. It is a proxy: it passes each call to one of the nodes behind it,
 * or lets the call fail. A random number from a seed decides what happens to each call. The order
 * of the calls differs from run to run, so the same seed gives similar runs, not the same run.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/** URLs of the nodes that the proxy knows. */
export interface Nodes {
  /** It has every ledger. */
  main: string
  /** It is some ledgers behind the network. */
  lagging: string
  /** It has just started and has only the newest ledger. */
  fresh: string
  /** It serves the network after a reset: another chain with the same ledger numbers. */
  other: string
}

export type Weather =
  /** Every call is answered by the main node. */
  | 'calm'
  /** Every other call fails. */
  | 'storm'
  /** Every other call fails, and sometimes another chain answers for a while. */
  | 'storm and other chains'
  /** Every call is answered by the fresh node, or fails. */
  | 'only fresh nodes'
  /** Every connection is refused. */
  | 'down'

export interface UnrulyEndpoint {
  readonly url: string
  set(weather: Weather): void
  /** Calls that were not answered by the main node. */
  strikes(): number
  /** When the last `Retry-After` ends, on the clock of `performance.now()`. */
  retryAfterEnds(): number
}

type Answered = 'main' | 'lagging' | 'fresh' | 'other'

const LATE_MS = 80
const HTML = '<!doctype html><html><body><h1>Bad Gateway</h1></body></html>\n'

/** Faults and their relative frequency. A hang is rare because it costs a second. */
const FAULTS: readonly [weight: number, kind: Kind][] = [
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

type Kind =
  | { kind: 'hang' | 'late' | 'reset' | 'truncated' | 'html' | 'unhealthy' }
  | { kind: 'status'; status: number; retryAfter?: number }
  | { kind: 'error'; code: number; message: string }
  | { kind: 'node'; node: Answered }

/** One call in so many starts a period in which another chain answers. */
const OTHER_CHAIN_EVERY = 60
/** Calls without an answer before and after: a network that is reset is down for a moment. */
const AWAY_CALLS = 3
/** Calls that the other chain answers; it goes on until the next call for a ledger. */
const OTHER_CHAIN_CALLS = 6
/** The indexer checks an answer by asking for a ledger after it: that must be of the same chain. */
const CHECK = '"getLedgers"'

/** Starts an endpoint, calm at first, which is closed after the test. */
export async function startUnrulyEndpoint(
  nodes: Nodes,
  random: () => number,
): Promise<UnrulyEndpoint> {
  const sockets = new Set<Socket>()
  let weather: Weather = 'calm'
  let strikes = 0
  let retryAfterEnds = 0
  let leftOfOtherChain = 0
  let leftOfAbsence = 0

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 60_000
  server.on('connection', (socket) => {
    if (weather === 'down') return void socket.destroy()
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })

  /** As a load balancer does when the nodes behind it change. */
  function dropConnections(): void {
    for (const socket of sockets) socket.destroy()
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await text(request)
    if (weather === 'calm') return pass('main', call, response)
    if (weather === 'down') return void response.destroy()
    if (weather === 'storm and other chains') {
      if (leftOfOtherChain === 0 && random() * OTHER_CHAIN_EVERY < 1) {
        leftOfOtherChain = OTHER_CHAIN_CALLS
        leftOfAbsence = AWAY_CALLS
      }
      if (leftOfAbsence > 0) {
        leftOfAbsence -= 1
        strikes += 1
        return dropConnections()
      }
      if (leftOfOtherChain > 0) {
        const isOver = leftOfOtherChain === 1 && call.includes(CHECK)
        if (isOver || leftOfOtherChain > 1) leftOfOtherChain -= 1
        strikes += 1
        if (isOver) leftOfAbsence = AWAY_CALLS
        return pass('other', call, response)
      }
    }
    const isFault = random() < 0.5
    if (isFault || weather === 'only fresh nodes') strikes += 1
    if (isFault) return strike(drawFault(), call, response)
    return pass(weather === 'only fresh nodes' ? 'fresh' : 'main', call, response)
  }

  function drawFault(): Kind {
    const total = FAULTS.reduce((sum, [weight]) => sum + weight, 0)
    let left = random() * total
    for (const [weight, kind] of FAULTS) {
      left -= weight
      if (left < 0) return kind
    }
    return { kind: 'reset' }
  }

  async function strike(fault: Kind, call: string, response: ServerResponse): Promise<void> {
    switch (fault.kind) {
      case 'hang':
        return
      case 'late':
        setTimeout(() => void pass('main', call, response).catch(() => {}), LATE_MS)
        return
      case 'reset':
        return void response.socket?.resetAndDestroy()
      case 'status':
        if (fault.retryAfter !== undefined) {
          response.setHeader('Retry-After', fault.retryAfter)
          retryAfterEnds = performance.now() + fault.retryAfter * 1_000
        }
        return void response.writeHead(fault.status).end()
      case 'html':
        return void response.writeHead(200, { 'Content-Type': 'text/html' }).end(HTML)
      case 'truncated': {
        const body = await ask(nodes.main, call)
        response.writeHead(200, headersFor(body))
        return void response.write(body.subarray(0, body.length >> 1), () => {
          response.socket?.end()
        })
      }
      case 'error':
        return reply({ code: fault.code, message: `[${fault.code}] ${fault.message}` })
      case 'unhealthy':
        // Only this method says so; the others answer as usual.
        if (!call.includes('"getHealth"')) return pass('main', call, response)
        return reply({
          code: -32_603,
          message: '[-32603] latency (45s) since last known ledger closed is too high (>30s)',
        })
      case 'node':
        return pass(weather === 'only fresh nodes' ? 'fresh' : fault.node, call, response)
    }

    function reply(error: { code: number; message: string }): void {
      const { id } = JSON.parse(call) as { id: unknown }
      const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, error }))
      response.writeHead(200, headersFor(body)).end(body)
    }
  }

  async function pass(to: Answered, call: string, response: ServerResponse): Promise<void> {
    const body = await ask(nodes[to], call)
    response.writeHead(200, headersFor(body)).end(body)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    const gone = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await gone
  })

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set(next) {
      weather = next
      // The other chain ends with its storm. Connections to nodes that have left are closed.
      leftOfOtherChain = 0
      leftOfAbsence = 0
      dropConnections()
    },
    strikes: () => strikes,
    retryAfterEnds: () => retryAfterEnds,
  }
}

async function ask(url: string, call: string): Promise<Buffer> {
  const headers = { 'Content-Type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: call })
  return Buffer.from(await response.arrayBuffer())
}

function headersFor(body: Buffer): Record<string, string | number> {
  return { 'Content-Type': 'application/json', 'Content-Length': body.length }
}
