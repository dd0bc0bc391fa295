import { expect, test } from 'vitest'
import { ingestion } from '../support/ingestion.ts'
import { createMemoryNode } from '../support/memory-node.ts'
import { loadRecording } from '../support/recordings.ts'

const PERIOD_MS = 5_000
/** So that no poll happens at the moment when a ledger closes. */
const PHASE_MS = 1_234
const LEDGERS = 40
/** The period must be learnt first. */
const LEARNT_AFTER = 6

test('P3: at the tip each ledger costs at most three calls and is in the log within 300 ms', async () => {
  const recording = await loadRecording('lively')
  const { firstLedger: first } = recording.header
  const node = createMemoryNode(recording)
  const latencies: number[] = []
  const closedAt = (ledger: number) => (ledger - first) * PERIOD_MS - PHASE_MS
  const it = ingestion({
    recording,
    sources: [node.source],
    ingest: {
      onApplied: () => latencies.push(it.time.now() - closedAt(it.reached())),
    },
  })
  node.fault = () => {
    node.latest = first + Math.floor((it.time.now() + PHASE_MS) / PERIOD_MS)
    return undefined
  }
  void it.start()
  await it.untilReached(first + LEARNT_AFTER)
  node.calls.length = 0
  latencies.length = 0
  await it.untilReached(first + LEARNT_AFTER + LEDGERS)
  const median = latencies.toSorted((a, b) => a - b)[latencies.length >> 1]!
  expect(latencies.length).toBe(LEDGERS)
  expect(median).toBeLessThan(300)
  // Probes of endpoints are calls too.
  expect(node.calls.filter(({ method }) => method === 'getEvents').length / LEDGERS).toBeLessThan(3)
})
