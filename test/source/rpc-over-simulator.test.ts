/** The RPC source over real sockets: the promises of every source, and transport faults. */
import { afterEach, describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { SourceError } from '../../src/domain/errors.ts'
import { createRpcSource } from '../../src/source/rpc.ts'
import type { FaultScript } from '../../src/source/simulator/faults.ts'
import { createSimulator } from '../../src/source/simulator/server.ts'
import type { Simulator } from '../../src/source/simulator/server.ts'
import { loadRecording } from '../support/recordings.ts'
import { describeLedgerSource } from './ledger-source.suite.ts'

const never = new AbortController().signal
const ALL_AT_ONCE = Number.POSITIVE_INFINITY
/** Longer than the longest recording. */
const RETENTION = 1_000_000

describeLedgerSource('an RPC', async (recording) => {
  const simulator = await createSimulator({
    recording,
    speed: ALL_AT_ONCE,
    retentionWindow: RETENTION,
  })
  const { contractId } = recording.header
  return {
    source: createRpcSource({ url: simulator.url, contractId, timeoutMs: 5_000 }),
    close: () => simulator.close(),
  }
})

const running: Simulator[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()))
})

type Fault = FaultScript[number]['fault']

async function startFaulty(fault: Fault, method: FaultScript[number]['method'], timeoutMs = 5_000) {
  const recording = await loadRecording('first-steps')
  const faults = [{ when: { call: 1 }, method, fault }]
  const simulator = await createSimulator({ recording, speed: ALL_AT_ONCE, faults })
  running.push(simulator)
  const { contractId, firstLedger } = recording.header
  const source = createRpcSource({ url: simulator.url, contractId, timeoutMs })
  return { simulator, page: () => source.page({ startLedger: firstLedger }, 10, never), source }
}

describe('a fault on the wire', () => {
  test.each<[Fault, Partial<SourceError>]>([
    [{ kind: 'timeout' }, { fault: 'timeout' }],
    [{ kind: 'reset' }, { fault: 'unreachable' }],
    [
      { kind: '429', retryAfterSeconds: 3 },
      { fault: 'busy', retryAfterMs: 3_000 },
    ],
    [{ kind: '429' }, { fault: 'busy', retryAfterMs: undefined }],
    [{ kind: '503' }, { fault: 'busy' }],
    [{ kind: '504' }, { fault: 'busy' }],
    [{ kind: 'truncated' }, { fault: 'malformed' }],
    [{ kind: 'html' }, { fault: 'malformed' }],
  ])('$kind is told apart, and the next call is answered', async (fault, expected) => {
    const timeoutMs = fault.kind === 'timeout' ? 200 : 5_000
    const { page } = await startFaulty(fault, 'getEvents', timeoutMs)
    const error = await page().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(SourceError)
    expect(error).toMatchObject(expected)
    expect((await page()).events.length).toBeGreaterThan(0)
  })

  test('nobody listening is unreachable', async () => {
    const { simulator, page } = await startFaulty({ kind: '503' }, 'getHealth')
    await simulator.close()
    await expect(page()).rejects.toMatchObject({ fault: 'unreachable' })
  })

  test('a node that is catching up tells no range', async () => {
    const message = '[-32603] latency (45s) since last known ledger closed is too high (>30s)'
    const { source } = await startFaulty({ kind: 'error', code: -32603, message }, 'getHealth')
    await expect(source.range(never)).rejects.toMatchObject({ fault: 'not_ready' })
  })

  test('a page larger than the provider allows is to be asked for smaller', async () => {
    const recording = await loadRecording('first-steps')
    const simulator = await createSimulator({ recording, speed: ALL_AT_ONCE, maxEventsLimit: 10 })
    running.push(simulator)
    const { contractId, firstLedger: startLedger } = recording.header
    const source = createRpcSource({ url: simulator.url, contractId, timeoutMs: 5_000 })
    await expect(source.page({ startLedger }, 11, never)).rejects.toMatchObject({
      fault: 'too_many',
    })
    expect((await source.page({ startLedger }, 10, never)).events).toHaveLength(10)
  })

  test('the tip’s close time costs no call of its own', async () => {
    const { source } = await startFaulty({ kind: '503' }, 'getLedgers')
    const { latestLedger } = await source.range(never)
    const { closedAt, tip } = await source.page({ after: endOfLedger(latestLedger) }, 10, never)
    expect(closedAt).toBe(tip.closedAt)
    expect(closedAt).toBeTypeOf('number')
  })

  test('an abort while the answer is awaited rejects with its reason', async () => {
    const { source } = await startFaulty({ kind: 'timeout' }, 'getEvents')
    const stopping = new AbortController()
    const reason = new Error('stop')
    setTimeout(() => stopping.abort(reason), 50)
    await expect(source.page({ startLedger: 1_500_000 }, 1, stopping.signal)).rejects.toBe(reason)
  })
})
