import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { SourceError, UsageError } from '../../src/domain/errors.ts'
import type { Fault } from '../../src/domain/faults.ts'
import type { LedgerSource } from '../../src/source/source.ts'
import { contents, ingestion, undisturbed } from '../support/ingestion.ts'
import type { IngestionOptions } from '../support/ingestion.ts'
import { createMemoryNode } from '../support/memory-node.ts'
import type { MemoryNode } from '../support/memory-node.ts'
import { lastLedger, recordedIds } from '../support/recorded.ts'
import { loadRecording, seconds } from '../support/recordings.ts'

const recording = await loadRecording('quirks')
const { firstLedger: first } = recording.header
const last = lastLedger(recording)
const whole = await undisturbed(recording)

const node = () => createMemoryNode(recording)
const unreachable = () => new SourceError('unreachable', 'connection refused')

function ingesting(nodes: readonly MemoryNode[], more: Partial<IngestionOptions> = {}) {
  return ingestion({ recording, sources: nodes.map(({ source }) => source), ...more })
}

describe('ingestion', () => {
  test.each(['first-steps', 'lively', 'month'] as const)(
    'P3: every event of %s is stored, and every ledger is covered',
    async (name) => {
      const other = await loadRecording(name)
      const it = ingestion({ recording: other, sources: [createMemoryNode(other).source] })
      await it.catchUp()
      const end = other.ledgers.at(-1)!
      const stored = it.store.sqlite.prepare('select id from events order by id').pluck().all()
      expect(stored).toEqual(recordedIds(other))
      expect(it.coverage.intervals()).toEqual([
        { from: other.header.firstLedger, to: end.sequence },
      ])
      expect(it.coverage.checkpoint()).toMatchObject({
        cursor: endOfLedger(end.sequence),
        ledgerClosedAt: seconds(end.closedAt),
        tipLedger: end.sequence,
      })
    },
  )

  property.prop([fc.integer({ min: 1, max: 200 })], { numRuns: 8 })(
    'P2: the rows are the same with pages of any size',
    async (pageSize) => {
      const it = ingesting([node()], { ingest: { pageSize } })
      await it.catchUp()
      expect(contents(it.store)).toEqual(whole)
    },
  )

  const FAULTS: Fault[] = [
    'unreachable',
    'timeout',
    'busy',
    'time_limit',
    'too_many',
    'malformed',
    'not_ready',
    'unknown',
  ]
  test.each(FAULTS)('P3: nothing is lost if one call in three fails with %s', async (fault) => {
    const failing = node()
    failing.fault = ({ number }) => (isUnlucky(number) ? new SourceError(fault, 'x') : undefined)
    const it = ingesting([failing], { ingest: { pageSize: 60 } })
    void it.start()
    await it.untilReached(last)
    expect(contents(it.store)).toEqual(whole)
  })

  const PATTERNS = [2, 3].flatMap((every) =>
    [0, 1, 2]
      .slice(0, every)
      .flatMap((phase) =>
        (['unreachable', 'timeout', 'busy'] as const).map(
          (fault) => [every, fault, phase] as const,
        ),
      ),
  )
  test.each(PATTERNS)(
    'P3: the tip is reached if one call in %i fails with %s, counted from call %i',
    async (every, fault, phase) => {
      const failing = node()
      failing.fault = ({ number }) =>
        number % every === phase ? new SourceError(fault, 'x') : undefined
      const it = ingesting([failing], { ingest: { pageSize: 60 } })
      void it.start()
      await it.untilReached(last)
      expect(contents(it.store)).toEqual(whole)
    },
  )

  test('P3: the checkpoint follows the tip even if the contract has no events', async () => {
    const quiet = {
      ...recording,
      ledgers: recording.ledgers.map(({ events: _, ...rest }) => rest),
    }
    const it = ingestion({ recording: quiet, sources: [createMemoryNode(quiet).source] })
    await it.catchUp()
    expect(it.coverage.checkpoint()).toMatchObject({ cursor: endOfLedger(last), ledger: last })
    expect(it.store.log.counts().size).toBe(0)
  })

  test('P2: ledgers are stored as they close, and each commit is announced after it', async () => {
    const growing = node()
    growing.latest = first
    const applied: string[] = []
    const it = ingesting([growing], {
      ingest: { onApplied: () => applied.push(it.coverage.checkpoint()!.cursor) },
    })
    void it.start()
    for (; growing.latest < last; growing.latest = Math.min(growing.latest + 40, last)) {
      await it.time.until(() => applied.at(-1) === endOfLedger(growing.latest))
    }
    await it.untilReached(last)
    expect(contents(it.store)).toEqual(whole)
  })

  test('P9: ingestion stops at once when told to, even during a wait', async () => {
    const away = node()
    away.fault = unreachable
    const it = ingesting([away])
    const ended = it.start()
    await it.time.until(() => it.ingest.status().state === 'failing')
    const since = it.time.now()
    it.stop()
    expect(await it.time.during(ended)).toBe('stopped')
    expect(it.time.now()).toBe(since)
    expect(it.coverage.checkpoint()).toBeUndefined()
  })

  test('P9: ingestion ends with an error if a source moves the cursor backwards', async () => {
    const { store } = await indexed()
    const { source } = node()
    const backwards: LedgerSource = {
      ...source,
      page: async (start, limit, signal) => ({
        ...(await source.page(start, limit, signal)),
        cursor: endOfLedger(1),
      }),
    }
    const it = ingestion({ recording, store, sources: [source], ingest: { source: backwards } })
    expect(String(await it.time.during(it.start()))).toMatch(/before it/)
  })

  async function indexed() {
    const it = ingesting([node()])
    await it.catchUp()
    return it
  }
})

/** One number in three, without a pattern. */
function isUnlucky(number: number): boolean {
  return (Math.imul(number + 1, 2_654_435_761) >>> 16) % 3 === 0
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
    const it = ingesting([only])
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

  test('an RPC is not asked again before its Retry-After ends', async () => {
    const only = node()
    only.latest = first + LEDGERS_BEFORE
    const it = ingesting([only])
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
    const it = ingesting([only], { ingest: { pageSize: 1 } })
    void it.start()
    await it.untilReached(last - 1)
    only.latest = last
    const closed = it.time.now()
    await it.untilReached(last)
    expect(it.time.now() - closed).toBeLessThanOrEqual(2 * PERIOD_MS)
  })
})
