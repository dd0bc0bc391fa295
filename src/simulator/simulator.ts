/**
 * A recording served as a Soroban RPC on the loopback interface: a sandbox for anyone's tests and
 * the source of the demo. Ledgers close at the recorded pace while clients ask; time, retention and
 * faults are up to the caller.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { UsageError } from '../domain/errors.ts'
import type { Recording } from './recording.ts'
import { createFaults, type Fault, type FaultScript } from './faults.ts'
import { fail, isTransportFault, receive, send } from './http.ts'
import { type Call, encodeReplies, encodeReply, type Message } from './json-rpc.ts'
import { createLedgers } from './node/ledgers.ts'
import { answerRequest, type RpcAnswer } from './node/methods.ts'
import { DEFAULT_SETTINGS, nodeAt, type NodeSettings, type NodeView } from './node/node.ts'
import { createPlayback } from './playback.ts'
import { RpcError } from './node/rpc-error.ts'

/** From which a real server calls itself unhealthy. */
const MAX_LATENCY_MS = 30_000
/** As proxies before real servers have it. */
const KEEP_ALIVE_MS = 75_000

const Speed = z.union([z.number().nonnegative(), z.literal(Number.POSITIVE_INFINITY)])

const Options = z.object({
  /** 0 = any free port. */
  port: z.int().min(0).max(65_535).default(0),
  /** Times the recorded pace; 0 = ledgers close by `closeNext` only, Infinity = all at once. */
  speed: Speed.default(1),
  /** Ledgers that are closed at the start. */
  closed: z.int().nonnegative().default(1),
  retentionWindow: z.int().positive().default(DEFAULT_SETTINGS.retentionWindow),
  defaultEventsLimit: z.int().positive().default(DEFAULT_SETTINGS.defaultEventsLimit),
  maxEventsLimit: z.int().positive().default(DEFAULT_SETTINGS.maxEventsLimit),
})

export interface SimulatorOptions extends z.input<typeof Options> {
  recording: Recording
  faults?: FaultScript
  /** Told of each fault that a call is answered with. */
  onFault?: (method: string, fault: Fault) => void
}

export interface Simulator {
  readonly url: string
  /** Settles once the last recorded ledger has closed; stays pending if closed before. */
  readonly finished: Promise<void>
  latestLedger(): number
  /** Closes the next ledgers now, whatever the pace; answers the latest. */
  closeNext(count?: number): number
  /** What a smaller window drops does not come back with a larger one. */
  setRetentionWindow(ledgers: number): void
  forgetBefore(ledger: number): void
  /** Answers as if so many of the latest ledgers had not closed yet; 0 ends it. */
  holdBack(ledgers: number): void
  /** Drops every connection, answered or not. */
  close(): Promise<void>
}

/** Throws UsageError for options out of range and a port in use. */
export async function createSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { port, speed, closed, ...settings } = parseOptions(options)
  const ledgers = createLedgers(options.recording)
  const faults = createFaults(options.faults ?? [])
  let { retentionWindow } = settings
  // Only ever grows: a database that was trimmed does not get its ledgers back.
  let forgottenBefore = ledgers.first
  let heldBack = 0
  // Answers that a fault delays, to be dropped on close.
  const delays = new Set<NodeJS.Timeout>()

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      // A client that goes away in the middle of its request is no matter; anything else is a bug.
      if (!request.errored) throw error
    })
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await listen(server, port)
  const playback = createPlayback(ledgers, closed, speed)

  function node(behind: number): NodeView {
    const view = nodeAt(ledgers, playback.latest(), {
      ...DEFAULT_SETTINGS,
      ...settings,
      retentionWindow,
    })
    if (view.range === undefined) return view
    forgottenBefore = Math.max(forgottenBefore, view.range.oldest)
    const oldest = Math.min(forgottenBefore, view.range.latest)
    return { ...view, range: { oldest, latest: Math.max(oldest, view.range.latest - behind) } }
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const message = await receive(request, response)
    if (message === undefined) return
    const struck = message.members.map((member) => {
      if ('error' in member) return undefined
      const fault = faults.strike(member.method, playback.latest())
      if (fault !== undefined) options.onFault?.(member.method, fault)
      return fault
    })
    const fault = struck.find((each) => each !== undefined && isTransportFault(each))
    const text = () => reply(message, struck)
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

  function reply(message: Message, struck: readonly (Fault | undefined)[]): string | undefined {
    // The real server answers members that are no calls first.
    const refusals = message.members.flatMap((member) =>
      'error' in member ? [encodeReply(member.id, { error: member.error })] : [],
    )
    const answers = message.members.flatMap((member, index) => {
      if ('error' in member || member.id === undefined) return []
      return [encodeReply(member.id, answerTo(member, struck[index]))]
    })
    return encodeReplies(message, [...refusals, ...answers])
  }

  function answerTo(call: Call, fault: Fault | undefined): RpcAnswer {
    if (fault?.kind === 'error') return { error: new RpcError(fault.code, fault.message) }
    if (fault?.kind === 'retention') {
      const oldest = node(0).range?.oldest ?? ledgers.first
      forgetBefore(fault.oldest ?? oldest + (fault.ledgers ?? 0))
    }
    const behind = fault?.kind === 'latest_backwards' ? fault.ledgers : 0
    const view = node(heldBack + behind)
    return answerRequest(
      { ...view, settings: { ...view.settings, ...settingsOf(fault, view) } },
      call,
    )
  }

  function forgetBefore(ledger: number): void {
    forgottenBefore = Math.max(forgottenBefore, ledger)
  }

  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    finished: playback.finished,
    latestLedger: () => playback.latest(),
    closeNext: (count = 1) => playback.closeNext(count),
    setRetentionWindow(window) {
      retentionWindow = window
    },
    forgetBefore,
    holdBack(count) {
      heldBack = count
    },
    async close() {
      playback.stop()
      for (const timer of delays) clearTimeout(timer)
      delays.clear()
      if (!server.listening) return
      const gone = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await gone
    },
  }
}

/** What a fault changes about the node for one answer. */
function settingsOf(fault: Fault | undefined, { ledgers, range }: NodeView): Partial<NodeSettings> {
  if (fault?.kind === 'slow') return { scanBudget: fault.ledgers }
  if (fault?.kind !== 'unhealthy' || range === undefined) return {}
  const now = (ledgers.closeTime(range.latest) + fault.latencySeconds) * 1_000
  return { health: { now: () => now, maxLatencyMs: MAX_LATENCY_MS } }
}

function parseOptions(options: SimulatorOptions): z.output<typeof Options> {
  const parsed = Options.safeParse(options)
  if (parsed.success) return parsed.data
  throw new UsageError(`simulator options are out of range:\n${z.prettifyError(parsed.error)}`, {
    cause: parsed.error,
  })
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
  if (address === null || typeof address === 'string') throw new Error('not on a TCP port')
  return address.port
}
