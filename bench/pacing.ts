import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { readRecording } from '../src/simulator/recording.ts'
import type { Recording } from '../src/simulator/recording.ts'
import { createSimulator } from '../src/simulator/simulator.ts'
import { run } from './processes.ts'
import { median, percentile } from './table.ts'
import type { Figure } from './table.ts'

const LIVELY = fileURLToPath(new URL('../fixtures/lively.jsonl.gz', import.meta.url))
const PERIOD_SECONDS = 5
const LEDGERS = 14
/** The indexer has to learn first how often ledgers close. */
const LEARNT_AFTER = 3
const PORT = 39_873

/** The time from the close of a ledger to a subscriber's first event, and the calls per ledger. */
export async function pacing(folder: string): Promise<Figure[]> {
  const recording = steady(await readRecording(LIVELY))
  const { contractId, network, firstLedger } = recording.header
  const rpc = await createSimulator({ recording, speed: 1 })
  const calls = countCalls(rpc.url)
  const daemon = run(['src/main.ts', 'start'], {
    CONTRACT_ID: contractId,
    NETWORK: network.passphrase,
    DATABASE_PATH: join(folder, 'pacing.db'),
    RPC_URL: rpc.url,
    PORT: String(PORT),
    AUDIT_INTERVAL_SECONDS: '0',
    LOG_LEVEL: 'silent',
    RATE_LIMIT_PER_MINUTE: '0',
  })
  const closedAt = new Map<number, number>()
  const callsAt = new Map<number, number>()
  const watching = setInterval(() => {
    const latest = rpc.latestLedger()
    if (closedAt.has(latest)) return
    closedAt.set(latest, performance.now())
    callsAt.set(latest, calls())
  }, 1)
  const latencies: number[] = []
  const [from, to] = [firstLedger + LEARNT_AFTER, firstLedger + LEARNT_AFTER + LEDGERS]
  let seen = firstLedger
  for await (const ledger of ledgersOf(await subscribed())) {
    if (ledger <= seen) continue
    seen = ledger
    const closed = closedAt.get(ledger)
    if (ledger > from && closed !== undefined) latencies.push(performance.now() - closed)
    if (ledger >= to) break
  }
  clearInterval(watching)
  const perLedger = (callsAt.get(seen)! - callsAt.get(from)!) / (seen - from)
  const call = await oneCall(rpc.url, contractId, seen)
  await daemon.stop()
  await rpc.close()
  return [
    {
      name: `close to visible, ledgers every ${PERIOD_SECONDS} s (${latencies.length} of them), median, ms`,
      value: median(latencies).toFixed(0),
      floor: `${call.toFixed(1)} (one getEvents)`,
      ratio: (median(latencies) / call).toFixed(0),
      target: '< 300',
    },
    {
      name: 'close to visible, worst, ms',
      value: percentile(latencies, 1).toFixed(0),
      floor: '',
      ratio: '',
      target: '',
    },
    {
      name: 'calls per ledger',
      value: perLedger.toFixed(2),
      floor: '1',
      ratio: perLedger.toFixed(2),
      target: '≤ 3',
    },
  ]
}

/** The same ledgers, closing at even intervals. */
function steady({ header, ledgers }: Recording): Recording {
  const began = Date.parse(header.firstClosedAt)
  const moved = ledgers.map((ledger) => {
    const at = began + (ledger.sequence - header.firstLedger) * PERIOD_SECONDS * 1_000
    return { ...ledger, closedAt: `${new Date(at).toISOString().slice(0, 19)}Z` }
  })
  return { header, ledgers: moved }
}

function countCalls(url: string): () => number {
  const port = Number(new URL(url).port)
  let calls = 0
  subscribe('http.server.request.start', (message) => {
    if ((message as { request: IncomingMessage }).request.socket.localPort === port) calls += 1
  })
  return () => calls
}

async function subscribed(): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const url = `http://127.0.0.1:${PORT}/events/subscribe?all=true`
  for (;;) {
    const response = await fetch(url).catch(() => undefined)
    if (response?.ok === true && response.body !== null) return response.body
    await sleep(20)
  }
}

async function* ledgersOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<number> {
  const frames = body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
  for await (const { event, data } of frames) {
    if (event?.startsWith('stream.') === true) yield (JSON.parse(data) as { ledger: number }).ledger
  }
}

async function oneCall(url: string, contractId: string, startLedger: number): Promise<number> {
  const filters = [{ contractIds: [contractId] }]
  const params = { startLedger, filters, pagination: { limit: 2_000 } }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getEvents', params })
  const times: number[] = []
  for (let i = 0; i < 20; i += 1) {
    const began = performance.now()
    const headers = { 'Content-Type': 'application/json' }
    await (await fetch(url, { method: 'POST', headers, body })).text()
    times.push(performance.now() - began)
  }
  return median(times)
}
