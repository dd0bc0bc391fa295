import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { SourceError } from '../../src/domain/errors.ts'
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
