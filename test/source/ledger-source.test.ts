import { describe, expect, onTestFinished, test } from 'vitest'
import { completeThrough, endOfLedger } from '../../src/domain/cursor.ts'
import { createRecordingSource } from '../../src/source/recording-source.ts'
import { createRpcSource } from '../../src/source/rpc.ts'
import { createSimulator } from '../../src/source/simulator/server.ts'
import type { LedgerPage, LedgerSource, PageStart } from '../../src/source/source.ts'
import { loadRecording, rawEvents } from '../support/recordings.ts'
import type { RecordingName } from '../support/recordings.ts'

const signal = new AbortController().signal

/** One suite for every implementation of the edge. */
const SOURCES: Record<string, (name: RecordingName) => Promise<LedgerSource>> = {
  async 'a recording'(name) {
    const recording = await loadRecording(name)
    return createRecordingSource(recording, recording.header.contractId)
  },
  async 'an RPC'(name) {
    const recording = await loadRecording(name)
    const options = { speed: Infinity, retentionWindow: 600_000 }
    const simulator = await createSimulator({ recording, ...options })
    onTestFinished(() => simulator.close())
    const { contractId } = recording.header
    return createRpcSource({ url: simulator.url, contractId, timeoutMs: 10_000 })
  },
}

describe.each(Object.keys(SOURCES))('%s as a source', (kind) => {
  const open = SOURCES[kind]!

  test.each([
    ['first-steps', 3],
    ['quirks', 50],
    ['quirks', 10_000],
    ['month', 100],
  ] as const)('walks through %s in pages of %d and misses nothing', async (name, limit) => {
    const source = await open(name)
    const recording = await loadRecording(name)
    const { oldestLedger, latestLedger } = await source.range(signal)
    const pages: LedgerPage[] = []
    let start: PageStart = { startLedger: oldestLedger }
    do {
      const page = await source.page(start, limit, signal)
      expect(page.tip.ledger).toBe(latestLedger)
      expect(page.closedAt).toBeTypeOf('number')
      pages.push(page)
      start = { after: page.cursor }
    } while (completeThrough(pages.at(-1)!.cursor) < latestLedger)
    const expected = recording.ledgers.flatMap((ledger) => rawEvents(recording, ledger))
    expect(pages.flatMap((page) => page.events)).toEqual(expected)
    expect(pages.every((page) => page.events.length <= limit)).toBe(true)
  })

  test('answers a poll at the tip with nothing and the same cursor', async () => {
    const source = await open('first-steps')
    const { latestLedger } = await source.range(signal)
    const after = endOfLedger(latestLedger)
    expect(await source.page({ after }, 10, signal)).toMatchObject({
      events: [],
      cursor: after,
      full: false,
      tip: { ledger: latestLedger },
    })
  })

  test('has each ledger’s hash and time, and none of a ledger it does not have', async () => {
    const source = await open('first-steps')
    const { ledgers } = await loadRecording('first-steps')
    for (const { sequence, hash, closedAt } of ledgers) {
      const at = Date.parse(closedAt) / 1_000
      expect(await source.ledger(sequence, signal)).toEqual({ sequence, hash, closedAt: at })
    }
    expect(await source.ledger(ledgers.at(-1)!.sequence + 1, signal)).toBeUndefined()
    expect(await source.ledger(ledgers[0]!.sequence - 1, signal)).toBeUndefined()
  })

  test('answers entries by key, leaving out what does not exist', async () => {
    const source = await open('quirks')
    const recorded = (await loadRecording('quirks')).ledgers.flatMap(({ entries = [] }) => entries)
    const newest = recorded.at(-1)!
    const elsewhere = (await loadRecording('first-steps')).ledgers[0]!.entries!
    const missing = elsewhere[0]!.key
    const { entries } = await source.entries([missing, newest.key], signal)
    expect(entries).toEqual([
      {
        key: newest.key,
        xdr: newest.xdr,
        lastModifiedLedger: newest.lastModifiedLedgerSeq,
        liveUntilLedger: newest.liveUntilLedgerSeq,
      },
    ])
  })

  test('tells what it does not have from what has not come yet', async () => {
    const source = await open('first-steps')
    const { oldestLedger, latestLedger } = await source.range(signal)
    const early = source.page({ after: endOfLedger(oldestLedger - 10) }, 10, signal)
    await expect(early).rejects.toMatchObject({ fault: 'outside_retention' })
    const late = source.page({ after: endOfLedger(latestLedger + 1) }, 10, signal)
    await expect(late).rejects.toMatchObject({ fault: 'behind' })
  })
})
