/** P5: what a stream is worth is told as of a time that has really been reached. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { applyPage, hasMore, nextStart } from '../../src/ingest/step.ts'
import { createRpcClient } from '../../src/source/rpc/client.ts'
import type { RpcClient } from '../../src/source/rpc/client.ts'
import { createSourceOver } from '../../src/source/rpc/rpc.ts'
import { createLedgers } from '../../src/simulator/node/ledgers.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { loadRecording, memoryStore } from '../support/recordings.ts'
import type { RecordingName } from '../support/recordings.ts'

const signal = new AbortController().signal

/** Takes in a recording, `betweenMs` passing between its pages, and looks at each checkpoint. */
async function catchUp(name: RecordingName, limit: number, betweenMs: number) {
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
    call(method, ...rest) {
      asked.push(method)
      return direct.call(method, ...rest)
    },
  }
  let now = 0
  const source = createSourceOver(client, contractId, () => now)
  const store = memoryStore()
  const { coverage, writer } = store
  const deps = {
    source,
    coverage,
    writer,
    decode: createDecoder(),
    startLedger: 'oldest' as const,
    identity: { networkPassphrase: network.passphrase, contractId },
  }
  const ledgers = createLedgers(recording)
  for (;;) {
    const start = await nextStart(deps, signal)
    const page = await source.page(start, limit, signal)
    applyPage(deps, start, page)
    now += betweenMs
    const { ledger, ledgerClosedAt } = coverage.checkpoint()!
    expect(ledgerClosedAt).not.toBeNull()
    expect(ledgerClosedAt).toBeLessThanOrEqual(ledgers.closeTime(ledger))
    if (!hasMore(start, page)) {
      expect(ledgerClosedAt).toBe(ledgers.closeTime(ledgers.last))
      return { pages: count('getEvents'), closeTimes: count('getLedgers') }
    }
  }

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
    'in %s, pages of %i, %i ms apart, is known at once, never too late, right at the tip',
    async (name, limit, betweenMs) => {
      expect((await catchUp(name, limit, betweenMs)).pages).toBeGreaterThan(5)
    },
  )

  test('costs one call for a catch-up of seconds, not one for each scan window', async () => {
    const { pages, closeTimes } = await catchUp('month', 1_000, 1_000)
    expect(pages).toBeGreaterThan(12)
    expect(closeTimes).toBeLessThanOrEqual(1)
  })
})
