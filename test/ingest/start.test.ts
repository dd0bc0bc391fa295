import { describe, expect, test } from 'vitest'
import { SourceError, UsageError } from '../../src/domain/errors.ts'
import { contents, ingestion, undisturbed } from '../support/ingestion.ts'
import type { IngestionOptions } from '../support/ingestion.ts'
import { createMemoryNode } from '../support/memory-node.ts'
import type { MemoryNode } from '../support/memory-node.ts'
import { lastLedger } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'

const recording = await loadRecording('quirks')
const { firstLedger: first } = recording.header
const last = lastLedger(recording)
const whole = await undisturbed(recording)

const node = () => createMemoryNode(recording)
const unreachable = () => new SourceError('unreachable', 'connection refused')

function ingesting(nodes: readonly MemoryNode[], more: Partial<IngestionOptions> = {}) {
  return ingestion({ recording, sources: nodes.map(({ source }) => source), ...more })
}

describe('P3: where a new log begins', () => {
  test('a new log begins at START_LEDGER', async () => {
    const it = ingesting([node()], { ingest: { startLedger: first + 50 } })
    await it.catchUp()
    expect(it.coverage.intervals()[0]?.from).toBe(first + 50)
  })

  test('with START_LEDGER=latest a new log begins at the newest ledger', async () => {
    const it = ingesting([node()], { ingest: { startLedger: 'latest' } })
    await it.catchUp()
    expect(it.coverage.intervals()).toEqual([{ from: last, to: last }])
  })

  test('a new log begins at the oldest ledger of any RPC, even if that RPC answers late', async () => {
    const [young, old] = [node(), node()]
    young.oldest = first + 100
    old.fault = unreachable
    const it = ingesting([young, old])
    void it.start()
    await it.time.pass(20_000)
    expect(it.coverage.checkpoint()).toBeUndefined()
    old.fault = () => undefined
    await it.untilReached(last)
    expect(contents(it.store)).toEqual(whole)
  })

  test('a new log does not wait forever for an RPC that cannot be reached', async () => {
    const [young, old] = [node(), node()]
    young.oldest = first + 100
    old.fault = unreachable
    const it = ingesting([young, old])
    void it.start()
    await it.untilReached(last)
    expect(it.time.now()).toBeGreaterThanOrEqual(60_000)
    expect(it.coverage.intervals()).toEqual([{ from: first + 100, to: last }])
  })

  test('a new log may begin at a ledger that only the slower RPC has', async () => {
    const [young, old] = [node(), node()]
    young.oldest = first + 100
    let refusals = 3
    old.fault = () => ((refusals -= 1) < 0 ? undefined : unreachable())
    const it = ingesting([young, old], { ingest: { startLedger: first + 5 } })
    void it.start()
    await it.untilReached(last)
    expect(it.coverage.intervals()).toEqual([{ from: first + 5, to: last }])
  })

  test('if two RPCs must agree, a new log begins at the oldest ledger that both have', async () => {
    const [young, old] = [node(), node()]
    young.oldest = first + 100
    const it = ingesting([young, old], { failover: { agreement: 2 } })
    void it.start()
    await it.untilReached(last)
    expect(it.coverage.intervals()).toEqual([{ from: first + 100, to: last }])
  })

  test('a START_LEDGER that no RPC has any more ends the program', async () => {
    const it = ingesting([node(), node()], { ingest: { startLedger: first - 1 } })
    const ended = await it.time.during(it.start())
    expect(ended).toBeInstanceOf(UsageError)
    expect(String(ended)).toMatch(new RegExp(`START_LEDGER is ${first - 1}.*${first}`))
  })

  test('a new log waits for a START_LEDGER that has not closed yet', async () => {
    const slow = node()
    slow.latest = first + 5
    const it = ingesting([slow], { ingest: { startLedger: first + 20 } })
    void it.start()
    await it.time.pass(60_000)
    expect(it.coverage.checkpoint()).toBeUndefined()
    slow.latest = last
    await it.untilReached(last)
    expect(it.coverage.intervals()).toEqual([{ from: first + 20, to: last }])
  })
})
