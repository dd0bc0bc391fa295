import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { Config } from '../config.ts'
import { startDaemon } from '../daemon.ts'
import { endOfLedger } from '../domain/cursor.ts'
import { readRecording } from '../source/recording.ts'
import type { Recording } from '../source/recording.ts'
import { createRpcSource } from '../source/rpc.ts'
import { createSimulator } from '../source/simulator/server.ts'
import { untilStopped } from './start.ts'
import { createLogger, say } from './terminal.ts'
import type { Terminal } from './terminal.ts'

const RECORDING = fileURLToPath(new URL('../../fixtures/lively.jsonl.gz', import.meta.url))
const SPEED = 10

/**
 * Recorded ledgers through the whole pipe, live: a simulated RPC, the daemon that polls it over
 * HTTP, and a client of the daemon's own feed that prints what it hears. Stays up when the
 * recording ends, until `signal` aborts.
 */
export async function demo(
  config: Config,
  terminal: Terminal,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const recording = await readRecording(RECORDING)
  const { contractId, network } = recording.header
  const folder = await mkdtemp(join(tmpdir(), 'flowfi-demo-'))
  const simulator = await createSimulator({ recording, speed: SPEED })
  try {
    const daemon = await startDaemon(
      {
        ...config,
        contractId,
        networkPassphrase: network.passphrase,
        startLedger: 'oldest',
        databasePath: join(folder, 'demo.db'),
      },
      {
        source: createRpcSource({
          url: simulator.url,
          contractId,
          timeoutMs: config.rpcTimeoutSeconds * 1_000,
        }),
        sourceName: simulator.url,
        logger: createLogger(terminal, 'warn', terminal.err),
        version,
      },
    )
    say(terminal, introduction(daemon.url, recording))
    const printing = printFeed(daemon.url, terminal, signal)
    void simulator.finished.then(() => say(terminal, ending(daemon.url)))
    try {
      await untilStopped(daemon.ended, signal)
    } finally {
      // Whoever watches has asked for the end: nobody needs a drawn-out goodbye.
      await daemon.close()
      await printing
    }
  } finally {
    await simulator.close()
    await rm(folder, { recursive: true, force: true })
  }
  say(terminal, 'The demo has ended; its data is gone.')
}

function introduction(url: string, { header, ledgers }: Recording): string {
  const beginning = endOfLedger(header.firstLedger)
  return `
FlowFi indexer demo: ${ledgers.length} recorded ledgers at ${SPEED} times their pace, on ${url}

Try, in another terminal:
  a snapshot     curl '${url}/streams?status=active&sort=deposited&order=desc&limit=3'
  the live feed  curl -N '${url}/events/subscribe?all=true'
  a resume       curl -N -H 'Last-Event-ID: ${beginning}' '${url}/events/subscribe?types=stream.withdrawn'

Ctrl-C ends it. Events as they come:
`
}

function ending(url: string): string {
  return `
The recording has ended. Everything stays up: ${url}/status tells what was indexed. Ctrl-C ends the demo.`
}

/** One line an event, from the daemon's own feed. */
async function printFeed(url: string, terminal: Terminal, signal: AbortSignal): Promise<void> {
  if (!terminal.interactive) return
  try {
    const response = await fetch(`${url}/events/subscribe?all=true&cursor=earliest`, { signal })
    if (response.body === null) return
    const messages = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream())
    for await (const { event, data } of messages) {
      if (event?.includes('.'))
        say(terminal, line(JSON.parse(data) as Partial<Record<string, string>>))
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

function line(event: Partial<Record<string, string>>): string {
  const { ledger, type = '', streamId, amount, depositedAmount, ratePerSecond, feeAmount } = event
  const figures = [
    amount && `amount ${amount}`,
    depositedAmount && `deposited ${depositedAmount}`,
    ratePerSecond && `rate ${ratePerSecond}/s`,
    feeAmount && `fee ${feeAmount}`,
  ]
  const stream = streamId === undefined ? '' : `#${streamId}`
  return `  ${ledger}  ${type.padEnd(22)} ${stream.padEnd(6)} ${figures.filter(Boolean).join('  ')}`
}
