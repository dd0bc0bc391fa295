/** Claimable amounts are as of the checkpoint's close time, so that time must have been reached. */
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import { createRpcClient } from '../../src/source/rpc/client.ts'
import type { RpcClient } from '../../src/source/rpc/client.ts'
import { createClientSource } from '../../src/source/rpc/rpc.ts'
import { createLedgers } from '../../src/simulator/node/ledgers.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { loadRecording, memoryStore } from '../support/recordings.ts'
import type { RecordingName } from '../support/recordings.ts'

const signal = new AbortController().signal
/** One page in each transaction. */
const ONE_PAGE = { events: 0, milliseconds: 0 }

/** Ingests a recording; `betweenMs` passes after each page. Checks the time of each checkpoint. */
async function ingest(name: RecordingName, pageSize: number, betweenMs: number) {
  const recording = await loadRecording(name)
  const { contractId, network } = recording.header
  const node = await createSimulator({
    recording,
    speed: Number.POSITIVE_INFINITY,
    retentionWindow: 1_000_000,
  })
  onTestFinished(() => node.close())
  const direct = createRpcClient(node.url, 60_000)
  const asked: string[] = []
  const client: RpcClient = {
    call(call, signal) {
      asked.push(call.method)
      return direct.call(call, signal)
    },
  }
  let now = 0
  const source = createClientSource(client, { contractId, now: () => now })
  const { coverage, writer } = memoryStore()
  const ledgers = createLedgers(recording)
  const { catchUp } = createIngest({
    // Without hashes to remember, each getLedgers is for a close time.
    source: { ...source, ledger: async () => undefined },
    coverage,
    writer,
    decode: createDecoder(),
    startLedger: 'oldest',
    identity: { networkPassphrase: network.passphrase, contractId },
    log: pino({ level: 'silent' }),
    onApplied() {},
    onFetched: () => void (now += betweenMs),
    pageSize,
    limits: ONE_PAGE,
  })
  const onPage = () => {
    const { ledger, ledgerClosedAt } = coverage.checkpoint()!
    expect(ledgerClosedAt).not.toBeNull()
    expect(ledgerClosedAt).toBeLessThanOrEqual(ledgers.closeTime(ledger))
  }
  await catchUp(onPage, signal)
  expect(coverage.checkpoint()).toMatchObject({
    ledger: ledgers.last,
    ledgerClosedAt: ledgers.closeTime(ledgers.last),
  })
  return { pages: count('getEvents'), closeTimes: count('getLedgers') }

  function count(method: string): number {
    return asked.filter((each) => each === method).length
  }
}

describe('P5: the close time of the checkpoint', () => {
  test.each<[RecordingName, number, number]>([
    ['month', 1_000, 0],
    ['month', 200, 70_000],
    ['quirks', 30, 0],
    ['quirks', 30, 61_000],
  ])(
    'in %s, with pages of %i events, %i ms apart, the time is known, never too late, and right at the tip',
    async (name, limit, betweenMs) => {
      expect((await ingest(name, limit, betweenMs)).pages).toBeGreaterThan(5)
    },
  )

  test('a catch-up of some seconds asks for one close time, not for one in each scan window', async () => {
    const { pages, closeTimes } = await ingest('month', 1_000, 1_000)
    expect(pages).toBeGreaterThan(12)
    expect(closeTimes).toBeLessThanOrEqual(1)
  })
})
