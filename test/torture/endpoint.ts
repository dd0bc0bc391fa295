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
import { drawFault, fail, relay } from './faults.ts'

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
    if (weather === 'calm') return relay(nodes.main, call, response)
    if (weather === 'down') return void response.destroy()
    if (weather === 'storm and other chains') {
      const answerer = otherChain(call)
      if (answerer !== undefined) strikes += 1
      if (answerer === 'nothing') return dropConnections()
      if (answerer === 'other') return relay(nodes.other, call, response)
    }
    const isFresh = weather === 'only fresh nodes'
    const isFault = random() < 0.5
    if (isFault || isFresh) strikes += 1
    if (!isFault) return relay(isFresh ? nodes.fresh : nodes.main, call, response)
    const fault = drawFault(random)
    if (fault.kind === 'node') {
      return relay(isFresh ? nodes.fresh : nodes[fault.node], call, response)
    }
    if (fault.kind === 'status' && fault.retryAfter !== undefined) {
      retryAfterEnds = performance.now() + fault.retryAfter * 1_000
    }
    return fail(fault, { node: nodes.main, call, response })
  }

  /** In a period of the other chain: what answers the call; nothing does at its beginning and end. */
  function otherChain(call: string): 'nothing' | 'other' | undefined {
    if (leftOfOtherChain === 0 && random() * OTHER_CHAIN_EVERY < 1) {
      leftOfOtherChain = OTHER_CHAIN_CALLS
      leftOfAbsence = AWAY_CALLS
    }
    if (leftOfAbsence > 0) {
      leftOfAbsence -= 1
      return 'nothing'
    }
    if (leftOfOtherChain === 0) return undefined
    const isOver = leftOfOtherChain === 1 && call.includes(CHECK)
    if (isOver || leftOfOtherChain > 1) leftOfOtherChain -= 1
    if (isOver) leftOfAbsence = AWAY_CALLS
    return 'other'
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
