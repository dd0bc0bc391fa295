/** A server that is too slow to scan ten thousand ledgers in one call is still indexed completely. */
import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import type { Cursor } from '../../src/domain/cursor.ts'
import { SourceError } from '../../src/domain/errors.ts'
import { REACTIONS } from '../../src/domain/faults.ts'
import type { Fault } from '../../src/domain/faults.ts'
import { createNodeClient } from '../../src/source/recording-source.ts'
import type { RpcClient } from '../../src/source/rpc/client.ts'
import { createClientSource } from '../../src/source/rpc/rpc.ts'
import { createScanWindow } from '../../src/source/rpc/scan-window.ts'
import { createLedgers } from '../../src/simulator/node/ledgers.ts'
import { DEFAULT_SETTINGS, nodeAt } from '../../src/simulator/node/node.ts'
import type { LedgerSource, PageStart } from '../../src/source/source.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import { lastLedger, recordedIds } from '../support/recorded.ts'
import { loadRecording } from '../support/recordings.ts'

const never = new AbortController().signal
const month = await loadRecording('month')
const quirks = await loadRecording('quirks')

/** A node in this process that can scan `budget` ledgers. A request for more fails with `ending`. */
function setUp(recording: Recording, budget: number, ending: Fault = 'time_limit') {
  const ledgers = createLedgers(recording)
  let latest = ledgers.last
  const settings = { ...DEFAULT_SETTINGS, retentionWindow: 1_000_000, scanBudget: budget }
  const node = createNodeClient(() => nodeAt(ledgers, { latest, settings }))
  const client: RpcClient = {
    call: (...request) =>
      node.call(...request).catch((error: unknown) => {
        if (!(error instanceof SourceError) || error.fault !== 'time_limit') throw error
        throw new SourceError(ending, error.message)
      }),
  }
  return {
    source: createClientSource(client, { contractId: recording.header.contractId }),
    /** As if the ledgers after it had not closed. */
    holdAt(ledger: number) {
      latest = Math.min(ledger, ledgers.last)
      return latest
    },
  }
}

/** Pages until `last` is complete. Asks again after each time limit. */
async function walk(source: LedgerSource, first: PageStart, last: number, limit: number) {
  const ids: string[] = []
  let start = first
  let failures = 0
  let inARow = 0
  for (;;) {
    try {
      const page = await source.page(start, limit, never)
      inARow = 0
      ids.push(...page.events.map(({ id }) => id))
      if (page.cursor >= endOfLedger(last)) return { ids, failures, cursor: page.cursor }
      start = { after: page.cursor }
    } catch (error) {
      if (!(error instanceof SourceError) || REACTIONS[error.fault].askLess !== 'ledgers')
        throw error
      failures += 1
      inARow += 1
      expect(inARow).toBeLessThan(10)
    }
  }
}

describe('a server that runs out of time', () => {
  test.each<[string, Fault]>([
    ['the time limit of the server, or of a proxy', 'time_limit'],
    ['our own time limit', 'timeout'],
  ])('P9: after %s, it is asked for fewer ledgers and answers a whole month', async (_, fault) => {
    const { source } = setUp(month, 2_500, fault)
    const { firstLedger } = month.header
    const { ids, failures } = await walk(
      source,
      { startLedger: firstLedger },
      lastLedger(month),
      1_000,
    )
    expect(ids).toEqual(recordedIds(month))
    expect(failures).toBeLessThan(100)
  })

  test('if it has not answered yet, it is asked for its latest ledger first', async () => {
    const { source } = setUp(month, 100)
    const { firstLedger } = month.header
    const page = async () => source.page({ after: endOfLedger(firstLedger) }, 10, never)
    for (let i = 0; i < 5; i += 1)
      await expect(page()).rejects.toMatchObject({ fault: 'time_limit' })
    const { cursor, full } = await page()
    expect(cursor > endOfLedger(firstLedger)).toBe(true)
    expect(full).toBe(false)
  })

  property.prop([fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 120 })], {
    numRuns: 8,
  })('a page can end and start in the middle of a busy ledger', async (budget, limit) => {
    const { source } = setUp(quirks, budget)
    const start = { startLedger: quirks.header.firstLedger }
    const { ids, cursor } = await walk(source, start, lastLedger(quirks), limit)
    expect(ids).toEqual(recordedIds(quirks))
    expect(cursor).toBe(endOfLedger(lastLedger(quirks)))
  })

  test('it answers at the tip, and again after ledgers have closed', async () => {
    const { source, holdAt } = setUp(quirks, 2)
    const { firstLedger } = quirks.header
    let latest = holdAt(firstLedger + 19)
    const reach = async (start: PageStart): Promise<Cursor> =>
      (await walk(source, start, latest, 1_000)).cursor
    let after = await reach({ startLedger: firstLedger })
    for (const count of [0, 1, 2, 7, 0, 30]) {
      latest = holdAt(latest + count)
      after = await reach({ after })
      expect(after).toBe(endOfLedger(latest))
    }
  })
})

describe('the scan window', () => {
  test('there is no limit before two failures in a row, and the limit disappears again', () => {
    const window = createScanWindow()
    window.sawTip(1_000_000)
    expect(window.end(1)).toBeUndefined()
    window.gaveUp(1)
    expect([window.needsTip(), window.end(1)]).toEqual([false, undefined])
    window.gaveUp(1)
    expect(window.needsTip()).toBe(true)
    window.sawTip(1_000_000)
    expect(window.end(1)).toBe(2_501)
    let answers = 0
    for (; window.end(1) !== undefined; answers += 1) window.answered()
    expect(answers).toBeGreaterThan(5)
    expect(answers).toBeLessThan(15)
  })

  test('after a long network failure the window is soon as large as before', () => {
    const window = createScanWindow()
    window.sawTip(100_000)
    for (let i = 0; i < 500; i += 1) window.gaveUp(99_999)
    window.sawTip(1_000_000)
    let answers = 0
    for (; window.end(99_999) !== undefined; answers += 1) window.answered()
    expect(answers).toBeLessThan(25)
  })

  test('near the size at which the server gave up, the window grows slowly', () => {
    const window = createScanWindow()
    window.sawTip(1_000_000)
    const size = () => (window.end(1) ?? Infinity) - 1
    for (let i = 0; i < 3; i += 1) window.gaveUp(1)
    expect(size()).toBe(625)
    while (size() < 2_600) window.answered()
    const failed = size()
    for (let i = 0; i < 2; i += 1) window.gaveUp(1)
    let answers = 0
    for (; size() < failed * 0.95; answers += 1) window.answered()
    expect(answers).toBeGreaterThan(5)
  })

  test('the window shrinks from the ledgers that are left, and to one ledger at least', () => {
    const window = createScanWindow()
    window.sawTip(100)
    for (let i = 0; i < 2; i += 1) window.gaveUp(61)
    expect(window.end(61)).toBe(71)
    for (let i = 0; i < 5; i += 1) window.gaveUp(61)
    expect(window.end(61)).toBe(62)
  })
})
