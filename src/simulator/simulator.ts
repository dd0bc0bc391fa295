/**
 * Serves a recording as a Soroban RPC on the loopback interface: a sandbox for everyone's tests,
 * and the source of the demo. Ledgers close at their recorded pace, or when the caller says so. The
 * caller also decides what goes wrong.
 *
 * - simulator.ts       the server
 * - recording.ts       the file format of recordings
 * - simulated-node.ts  which ledgers the node has at this moment
 * - playback.ts        closes ledgers at the recorded pace
 * - faults.ts          the script of what goes wrong
 * - fault-text.ts      that script in words
 * - http.ts            HTTP as the real server speaks it
 * - json-rpc.ts        JSON-RPC as the real server speaks it
 * - node/              what a node answers: pure functions of its state and the request
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { UsageError } from '../domain/errors.ts'
import { createFaults, type FaultScript, type ScriptedFault } from './faults.ts'
import { fail, isTransportFault, receive, send } from './http.ts'
import { type Call, encodeReplies, encodeReply, type Message } from './json-rpc.ts'
import { answerRequest, type RpcAnswer } from './node/methods.ts'
import { DEFAULT_SETTINGS, type NodeSettings, type NodeView } from './node/node.ts'
import { RpcError } from './node/rpc-error.ts'
import type { Recording } from './recording.ts'
import { createSimulatedNode, type SimulatedNode } from './simulated-node.ts'

/** With older ledgers, a real server says that it is unhealthy. */
const MAX_LATENCY_MS = 30_000
/** The usual value of proxies in front of real servers. */
const KEEP_ALIVE_MS = 75_000

const Speed = z.union([z.number().nonnegative(), z.literal(Number.POSITIVE_INFINITY)])

const Options = z.object({
  /** 0 means any free port. */
  port: z.int().min(0).max(65_535).default(0),
  /** Times the recorded pace. 0: only `closeNext` closes ledgers. Infinity: all close at once. */
  speed: Speed.default(1),
  /** Ledgers that have closed at the start. */
  closed: z.int().nonnegative().default(1),
  retentionWindow: z.int().positive().default(DEFAULT_SETTINGS.retentionWindow),
  defaultEventsLimit: z.int().positive().default(DEFAULT_SETTINGS.defaultEventsLimit),
  maxEventsLimit: z.int().positive().default(DEFAULT_SETTINGS.maxEventsLimit),
})

export interface SimulatorOptions extends z.input<typeof Options> {
  recording: Recording
  faults?: FaultScript
  /** Called for each fault, before it is played. */
  onFault?: (method: string, fault: ScriptedFault) => void
}

export interface Simulator {
  readonly url: string
  /**
   * Resolves when the last recorded ledger has closed; never, if the simulator is closed before.
   */
  readonly finished: Promise<void>
  latestLedger(): number
  /** Closes the next ledgers now and returns the latest. */
  closeNext(count?: number): number
  /** Ledgers that a smaller window drops do not come back with a larger one. */
  setRetentionWindow(ledgers: number): void
  /** The node loses the ledgers before this one. */
  forgetBefore(ledger: number): void
  /** Answers as if so many of the latest ledgers had not closed yet. 0 ends it. */
  holdBack(ledgers: number): void
  /** Breaks every connection, even during a request. */
  close(): Promise<void>
}

/** Throws UsageError if an option is out of range or the port is in use. */
export async function createSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { port, speed, closed, ...settings } = parseOptions(options)
  const { recording, onFault } = options
  const script = createFaults(options.faults ?? [])
  // Answers that a fault delays. They are dropped on close.
  const delays = new Set<NodeJS.Timeout>()

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      // The client may go away during its request. Anything else is a bug.
      if (!request.errored) throw error
    })
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await listen(server, port)
  const node = createSimulatedNode({ recording, closed, speed, settings })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const message = await receive(request, response)
    if (message === undefined) return
    const faults = message.members.map((member) => {
      if ('error' in member) return undefined
      const fault = script.strike(member.method, node.latest())
      if (fault !== undefined) onFault?.(member.method, fault)
      return fault
    })
    const text = () => reply({ message, faults, node })
    const fault = faults.find((each) => each !== undefined && isTransportFault(each))
    if (fault === undefined || !isTransportFault(fault)) return send(response, text())
    fail(response, fault, {
      text: () => text() ?? '',
      answerLater(delayMs) {
        const timer = setTimeout(() => {
          delays.delete(timer)
          send(response, text())
        }, delayMs)
        delays.add(timer)
      },
    })
  }

  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    finished: node.finished,
    latestLedger: node.latest,
    closeNext: (count = 1) => node.closeNext(count),
    setRetentionWindow: node.setRetentionWindow,
    forgetBefore: node.forgetBefore,
    holdBack: node.holdBack,
    async close() {
      node.stop()
      for (const timer of delays) clearTimeout(timer)
      delays.clear()
      if (!server.listening) return
      const closing = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closing
    },
  }
}

interface Asked {
  message: Message
  /** The fault that strikes each member of the message, if any. */
  faults: readonly (ScriptedFault | undefined)[]
  node: SimulatedNode
}

function reply({ message, faults, node }: Asked): string | undefined {
  // The real server first answers the members that are not calls.
  const refusals = message.members.flatMap((member) =>
    'error' in member ? [encodeReply(member.id, { error: member.error })] : [],
  )
  const answers = message.members.flatMap((member, index) => {
    if ('error' in member || member.id === undefined) return []
    return [encodeReply(member.id, answerCall(member, { node, fault: faults[index] }))]
  })
  return encodeReplies(message, [...refusals, ...answers])
}

function answerCall(
  call: Call,
  { node, fault }: { node: SimulatedNode; fault: ScriptedFault | undefined },
): RpcAnswer {
  if (fault?.kind === 'error') return { error: new RpcError(fault.code, fault.message) }
  if (fault?.kind === 'retention') {
    const { range, ledgers } = node.view()
    const oldest = range?.oldest ?? ledgers.first
    node.forgetBefore(fault.oldest ?? oldest + (fault.ledgers ?? 0))
  }
  const view = node.view(fault?.kind === 'latest_backwards' ? fault.ledgers : 0)
  return answerRequest({ ...view, settings: { ...view.settings, ...changesOf(fault, view) } }, call)
}

/** The settings that a fault changes for one answer. */
function changesOf(
  fault: ScriptedFault | undefined,
  { ledgers, range }: NodeView,
): Partial<NodeSettings> {
  if (fault?.kind === 'slow') return { scanBudget: fault.ledgers }
  if (fault?.kind !== 'unhealthy' || range === undefined) return {}
  const now = (ledgers.closeTime(range.latest) + fault.latencySeconds) * 1_000
  return { health: { now: () => now, maxLatencyMs: MAX_LATENCY_MS } }
}

function parseOptions(options: SimulatorOptions): z.output<typeof Options> {
  const parsed = Options.safeParse(options)
  if (parsed.success) return parsed.data
  throw new UsageError(
    `the simulator options are out of range:\n${z.prettifyError(parsed.error)}`,
    {
      cause: parsed.error,
    },
  )
}

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new UsageError(`cannot listen on port ${port}: ${String(cause)}`, { cause })
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP port')
  return address.port
}
