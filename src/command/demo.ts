import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { Config } from '../config/config.ts'
import { startDaemon } from '../daemon/daemon.ts'
import { indexHere } from '../daemon/index-here.ts'
import { endOfLedger } from '../domain/cursor.ts'
import { readRecording } from '../simulator/recording.ts'
import type { Recording } from '../simulator/recording.ts'
import { createSimulator } from '../simulator/simulator.ts'
import { createEventList } from './event-list.ts'
import type { ListedEvent } from './event-list.ts'
import { untilStopped } from './invocation.ts'
import type { Invocation } from './invocation.ts'
import { createLogger, say } from './terminal.ts'
import type { Terminal } from './terminal.ts'

const RECORDING = fileURLToPath(new URL('../../fixtures/lively.jsonl.gz', import.meta.url))
/** Times the recorded pace. */
const SPEED = 10

/**
 * Plays recorded ledgers through the whole pipe: a simulated RPC, the daemon that polls it over
 * HTTP, and a client of the daemon's feed that prints the events. It keeps running after the
 * recording has ended, until `signal` aborts.
 */
export async function demo(invocation: Invocation, { speed = SPEED } = {}): Promise<void> {
  const recording = await readRecording(RECORDING)
  const { contractId, network } = recording.header
  const folder = await mkdtemp(join(tmpdir(), 'flowfi-demo-'))
  try {
    const simulator = await createSimulator({ recording, speed })
    try {
      const config: Config = {
        ...invocation.config,
        contractId,
        networkPassphrase: network.passphrase,
        rpcUrls: [simulator.url],
        rpcAgreement: 1,
        startLedger: 'oldest',
        databasePath: join(folder, 'demo.db'),
        // The tip stands still when the recording has ended, which is no fault.
        tipStallSeconds: 0,
      }
      await play({ ...invocation, config }, recording)
    } finally {
      await simulator.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  say(invocation.terminal, 'The demo has ended; its data is gone.')
}

async function play(invocation: Invocation, recording: Recording): Promise<void> {
  const { config, terminal, version, signal } = invocation
  const logger = createLogger(terminal, { level: 'warn', stream: terminal.err })
  const openIndexing = indexHere(config, logger)
  const daemon = await startDaemon(config, { openIndexing, logger, version })
  const url = readable(daemon.url)
  const banner = describe(url, recording)
  say(terminal, `${banner}\nCtrl-C ends it. Events as they come:\n`)
  const printing = printFeed(daemon.url, { lastEvent: lastEventOf(recording), terminal }, signal)
    .then((isComplete) => isComplete && say(terminal, `${banner}\n${ending(url)}`))
    .catch((error: unknown) => {
      if (!signal.aborted) logger.error({ err: error }, 'the feed could not be read')
    })
  try {
    await untilStopped(signal, daemon.ended)
  } finally {
    await daemon.close()
    await printing
  }
}

/** The URL as a person types it: the daemon can listen on any address of this machine. */
function readable(url: string): string {
  return url.replace(/\/\/(127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):/, '//localhost:')
}

function lastEventOf({ header, ledgers }: Recording): string {
  const events = ledgers.flatMap((ledger) => ledger.events ?? [])
  return events.findLast((event) => event.contractId === header.contractId)?.id ?? ''
}

function describe(url: string, { header, ledgers }: Recording): string {
  const beginning = endOfLedger(header.firstLedger)
  return `
FlowFi indexer demo: ${ledgers.length} recorded ledgers at ${SPEED} times their pace, on ${url}

Open ${url}/ in a browser to watch it, or try, in another terminal:
  a snapshot     curl '${url}/streams?status=active&sort=deposited&order=desc&limit=3'
  the live feed  curl -N '${url}/events/subscribe?all=true'
  a resume       curl -N -H 'Last-Event-ID: ${beginning}' '${url}/events/subscribe?types=stream.withdrawn'
`
}

function ending(url: string): string {
  return `The recording has ended, and every event above is indexed. Everything stays up:
${url}/status shows what the log holds. Ctrl-C ends the demo.`
}

/** Prints events from the daemon's feed, up to the last one. Returns whether that one came. */
async function printFeed(
  url: string,
  { lastEvent, terminal }: { lastEvent: string; terminal: Terminal },
  signal: AbortSignal,
): Promise<boolean> {
  const list = createEventList(terminal)
  const response = await fetch(`${url}/events/subscribe?all=true&cursor=earliest`, { signal })
  if (response.body === null) return false
  const messages = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
  for await (const { event, data, id } of messages) {
    if (event?.includes('.')) list.add(JSON.parse(data) as ListedEvent)
    if (id !== undefined && id >= lastEvent) return true
  }
  return false
}
