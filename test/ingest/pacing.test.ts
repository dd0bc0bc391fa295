import { subscribe as onMessage, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import type { Recording } from '../../src/source/recording.ts'
import { setUp, subscribe } from '../support/daemon.ts'
import { loadRecording, seconds } from '../support/recordings.ts'

/** Five seconds in the recording. */
const BEAT_MS = 500
const SPEED = 5_000 / BEAT_MS
const LEDGERS = 16
/** The beat has to be learnt first. */
const LEARNT_AFTER = 4

test('a daemon at the tip asks at most three times for each ledger, and shows it soon after it closed', async () => {
  const recording = steady(await loadRecording('lively'))
  const first = recording.header.firstLedger
  const { daemon, simulator } = await setUp(
    recording,
    { speed: SPEED, closed: 1 },
    { AUDIT_INTERVAL_SECONDS: '0' },
  )
  const calls = countCalls(simulator.url)
  const closed = new Map<number, { at: number; calls: number }>()
  const watching = setInterval(() => {
    const ledger = simulator.latestLedger()
    if (!closed.has(ledger)) closed.set(ledger, { at: performance.now(), calls: calls() })
  }, 1)
  onTestFinished(() => clearInterval(watching))
  const from = first + LEARNT_AFTER
  const latencies: number[] = []
  let seen = first
  for await (const { event, data } of subscribe(`${daemon.url}/events/subscribe?all=true`)) {
    const ledger = Number(data['ledger'])
    if (event?.startsWith('stream.') !== true || ledger <= seen) continue
    seen = ledger
    if (ledger > from) latencies.push(performance.now() - closed.get(ledger)!.at)
    if (ledger >= from + LEDGERS) break
  }
  const perLedger = (closed.get(seen)!.calls - closed.get(from)!.calls) / (seen - from)
  const median = latencies.toSorted((a, b) => a - b)[latencies.length >> 1]!
  expect(perLedger).toBeLessThanOrEqual(3)
  // A ledger every five seconds has ten times as long for its 300 ms.
  expect(median).toBeLessThan(BEAT_MS / 5)
})

/** The same ledgers, one every five seconds. */
function steady({ header, ledgers }: Recording): Recording {
  const began = seconds(header.firstClosedAt)
  const moved = ledgers.map((ledger) => {
    const at = began + (ledger.sequence - header.firstLedger) * 5
    return { ...ledger, closedAt: `${new Date(at * 1_000).toISOString().slice(0, 19)}Z` }
  })
  return { header, ledgers: moved }
}

function countCalls(url: string): () => number {
  const port = Number(new URL(url).port)
  let calls = 0
  const count = (message: unknown) => {
    if ((message as { request: IncomingMessage }).request.socket.localPort === port) calls += 1
  }
  onMessage('http.server.request.start', count)
  onTestFinished(() => void unsubscribe('http.server.request.start', count))
  return () => calls
}
