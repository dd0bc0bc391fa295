import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { SourceError } from '../../src/domain/errors.ts'
import type { IngestDeps } from '../../src/ingest/ingest.ts'
import { contents, ingestion, undisturbed } from '../support/ingestion.ts'
import { createMemoryNode } from '../support/memory-node.ts'
import type { MemoryNode } from '../support/memory-node.ts'
import { lastLedger } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'

const recording = await loadRecording('quirks')
const { firstLedger: first } = recording.header
const last = lastLedger(recording)
const whole = await undisturbed(recording)

function failuresIn(line: string): number {
  return (JSON.parse(line) as { failures?: number }).failures ?? 0
}

const node = () => createMemoryNode(recording)
const unreachable = () => new SourceError('unreachable', 'connection refused')

function ingesting(only: MemoryNode, ingest: Partial<IngestDeps> = {}) {
  return ingestion({ recording, sources: [only.source], ingest })
}

describe('P3: after an outage', () => {
  /** A ledger every five seconds, from the first on. */
  const PERIOD_MS = 5_000
  const LEDGERS_BEFORE = 20

  function closeLedgers(network: MemoryNode, now: () => number): void {
    const { source } = network
    const page = source.page.bind(source)
    source.page = (start, limit, signal) => {
      network.latest = Math.min(last, first + Math.floor(now() / PERIOD_MS))
      return page(start, limit, signal)
    }
  }

  test.each([
    ['a minute', 60_000],
    ['five minutes', 300_000],
  ])('after an outage of %s the RPC is used again within two ledgers', async (_, outageMs) => {
    const only = node()
    let now = () => 0
    closeLedgers(only, () => now())
    const it = ingesting(only)
    now = it.time.now
    void it.start()
    await it.time.until(() => it.reached() >= first + LEDGERS_BEFORE)
    only.fault = unreachable
    await it.time.pass(outageMs)
    only.fault = () => undefined
    const back = it.time.now()
    const tip = first + Math.floor(back / PERIOD_MS)
    await it.untilReached(Math.min(tip, last))
    expect(it.time.now() - back).toBeLessThanOrEqual(2 * PERIOD_MS + 100)
  })

  test('a long outage is warned about ever less often', async () => {
    const only = node()
    only.fault = unreachable
    const warned: number[] = []
    const log = pino({ level: 'warn' }, { write: (line: string) => warned.push(failuresIn(line)) })
    const it = ingesting(only, { log })
    void it.start()
    await it.time.pass(3_600_000)
    const warnings = warned.filter((failures) => failures > 0)
    expect(warnings.length).toBeGreaterThan(8)
    expect(warnings).toEqual(warnings.map((_, at) => 2 ** at))
  })

  test('an RPC is not asked again before its Retry-After ends', async () => {
    const only = node()
    only.latest = first + LEDGERS_BEFORE
    const it = ingesting(only)
    void it.start()
    await it.untilReached(first + LEDGERS_BEFORE)
    only.latest = last
    only.fault = () => new SourceError('busy', 'HTTP status 429', { retryAfterMs: 45_000 })
    await it.time.until(() => it.ingest.status().state === 'failing')
    only.fault = () => undefined
    only.calls.length = 0
    await it.time.pass(44_000)
    expect(only.calls).toEqual([])
    await it.untilReached(last)
    expect(contents(it.store)).toEqual(whole)
  })

  test('after a fast backfill the next ledger is seen within two ledgers', async () => {
    const only = node()
    only.latest = last - 1
    const it = ingesting(only, { pageSize: 1 })
    void it.start()
    await it.untilReached(last - 1)
    only.latest = last
    const closed = it.time.now()
    await it.untilReached(last)
    expect(it.time.now() - closed).toBeLessThanOrEqual(2 * PERIOD_MS)
  })
})
