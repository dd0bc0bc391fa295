/** The RPC source over real sockets: what every source must do, and faults of the transport. */
import { afterEach, describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { SourceError } from '../../src/domain/errors.ts'
import { createRpcSource } from '../../src/source/rpc/rpc.ts'
import type { FaultScript } from '../../src/simulator/faults.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import type { Simulator } from '../../src/simulator/simulator.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { loadRecording } from '../support/recordings.ts'
import { describeLedgerSource } from './ledger-source.suite.ts'

const never = new AbortController().signal
/** Long enough never to expire. */
const LONG_MS = 60_000
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
    source: createRpcSource({ url: simulator.url, contractId, timeoutMs: LONG_MS }),
    close: () => simulator.close(),
  }
})

const running: Simulator[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()))
})

type Fault = FaultScript[number]['fault']

async function startFaulty(fault: Fault, method: FaultScript[number]['method']) {
  const recording = await loadRecording('first-steps')
  const faults = [{ when: { call: 1 }, method, fault }]
  const simulator = await createSimulator({ recording, speed: ALL_AT_ONCE, faults })
  running.push(simulator)
  const { contractId, firstLedger } = recording.header
  const sourceOf = (timeoutMs: number) =>
    createRpcSource({ url: simulator.url, contractId, timeoutMs })
  const source = sourceOf(LONG_MS)
  const pageOf = (from: LedgerSource) => () => from.page({ startLedger: firstLedger }, 10, never)
  return { simulator, source, page: pageOf(source), hasty: pageOf(sourceOf(50)) }
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
    [{ kind: '504' }, { fault: 'time_limit' }],
    [{ kind: 'truncated' }, { fault: 'malformed' }],
    [{ kind: 'html' }, { fault: 'malformed' }],
  ])('P9: $kind is the expected fault, and the next call is answered', async (fault, expected) => {
    const { page, hasty } = await startFaulty(fault, 'getEvents')
    const first = fault.kind === 'timeout' ? hasty : page
    const error = await first().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(SourceError)
    expect(error).toMatchObject(expected)
    expect((await page()).events.length).toBeGreaterThan(0)
  })

  test('P9: a closed port is unreachable', async () => {
    const { simulator, page } = await startFaulty({ kind: '503' }, 'getHealth')
    await simulator.close()
    await expect(page()).rejects.toMatchObject({ fault: 'unreachable' })
  })

  test('the range is known even if the newest ledger of the node is old', async () => {
    const { source, simulator } = await startFaulty({ kind: 'unhealthy' }, 'getHealth')
    const latest = simulator.latestLedger()
    expect(await source.range(never)).toEqual({ oldest: 1_500_000, latest })
  })

  test('a page is no larger than the provider allows', async () => {
    const recording = await loadRecording('first-steps')
    const simulator = await createSimulator({ recording, speed: ALL_AT_ONCE, maxEventsLimit: 10 })
    running.push(simulator)
    const { contractId, firstLedger: startLedger } = recording.header
    const source = createRpcSource({ url: simulator.url, contractId, timeoutMs: LONG_MS })
    const page = await source.page({ startLedger }, 11, never)
    expect(page).toMatchObject({ full: true, cursor: page.events[9]?.id })
    expect(page.events).toHaveLength(10)
  })

  test('the close time of the tip takes no extra call', async () => {
    const { source } = await startFaulty({ kind: '503' }, 'getLedgers')
    const { latest } = await source.range(never)
    const { closedAt, tip } = await source.page({ after: endOfLedger(latest) }, 10, never)
    expect(closedAt).toBe(tip.closedAt)
    expect(closedAt).toBeTypeOf('number')
  })

  test('an abort before the answer rejects with its reason', async () => {
    const { source } = await startFaulty({ kind: 'timeout' }, 'getEvents')
    const stopping = new AbortController()
    const reason = new Error('stop')
    const page = source.page({ startLedger: 1_500_000 }, 1, stopping.signal)
    setTimeout(() => stopping.abort(reason), 50)
    await expect(page).rejects.toBe(reason)
  })
})
