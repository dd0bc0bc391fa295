/** What every LedgerSource must do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { completeThrough, endOfLedger, isEndOfLedger, ledgerOf } from '../../src/domain/cursor.ts'
import type { RawEvent } from '../../src/domain/event.ts'
import { SourceError } from '../../src/domain/errors.ts'
import type { Recording } from '../../src/simulator/recording.ts'
import type { LedgerPage, LedgerSource, PageStart } from '../../src/source/source.ts'
import { loadRecording, rawEvents, seconds } from '../support/recordings.ts'
import type { RecordingName } from '../support/recordings.ts'

/** A source that has exactly the recording's ledgers, for its contract. */
export interface OpenSource {
  source: LedgerSource
  close(): Promise<void>
}

const LARGE = 1_000
const SCAN_LIMIT = 10_000
const never = new AbortController().signal

export function describeLedgerSource(
  name: string,
  open: (recording: Recording) => Promise<OpenSource>,
): void {
  describe(name, () => {
    describe.each<[RecordingName, number[]]>([
      ['first-steps', [1, 2, 5, LARGE]],
      ['quirks', [3, 50, LARGE]],
      ['month', [7, LARGE]],
    ])('over %s', (fixture, sizes) => {
      let recording: Recording
      let opened: OpenSource
      let source: LedgerSource
      let events: RawEvent[]
      let first: number
      let last: number
      beforeAll(async () => {
        recording = await loadRecording(fixture)
        opened = await open(recording)
        ;({ source } = opened)
        events = recording.ledgers.flatMap((ledger) => rawEvents(recording, ledger))
        first = recording.header.firstLedger
        last = recording.ledgers.at(-1)!.sequence
      })
      afterAll(() => opened.close())

      const page = (start: PageStart, limit = LARGE) => source.page(start, limit, never)

      /** Every page from a start to the tip. */
      async function walk(from: PageStart, limit: number): Promise<LedgerPage[]> {
        const pages: LedgerPage[] = []
        for (let start = from; ;) {
          const next = await page(start, limit)
          pages.push(next)
          if (!next.full && completeThrough(next.cursor) >= next.tip.ledger) return pages
          start = { after: next.cursor }
        }
      }

      test('the source has its network and its range of ledgers', async () => {
        const { passphrase } = recording.header.network
        expect(await source.network(never)).toEqual({ passphrase })
        const range = { oldest: first, latest: last }
        expect(await source.range(never)).toEqual(range)
        expect(await source.extent(never)).toEqual(range)
      })

      test.each(sizes)(
        'pages of %i hold every event of the contract once, in order',
        async (limit) => {
          const pages = await walk({ startLedger: first }, limit)
          expect(pages.flatMap((each) => each.events)).toEqual(events)
        },
      )

      test.each(sizes)('pages of %i events end at their cursor', async (limit) => {
        const closeTimes = new Map(
          recording.ledgers.map(({ sequence, closedAt }) => [sequence, seconds(closedAt)]),
        )
        const isBusy = new Set(events.map(({ ledger }) => ledger))
        let from = first
        for (const each of await walk({ startLedger: first }, limit)) {
          expect(each.events.length).toBeLessThanOrEqual(limit)
          expect(each.full).toBe(each.events.length === limit)
          if (each.full) expect(each.cursor).toBe(each.events.at(-1)!.id)
          else expect(isEndOfLedger(each.cursor)).toBe(true)
          const ledger = ledgerOf(each.cursor)
          expect(ledger - from).toBeLessThan(SCAN_LIMIT)
          from = ledger
          if (ledger === last || isBusy.has(ledger)) expect(each.closedAt).toBeTypeOf('number')
          if (each.closedAt !== undefined) {
            expect(each.closedAt).toBe(closeTimes.get(ledger) ?? each.closedAt)
          }
          expect(each.tip).toEqual({ ledger: last, closedAt: closeTimes.get(last) })
          expect(each.oldest).toEqual({ ledger: first, closedAt: closeTimes.get(first) })
        }
      })

      test('P1: the id of an event is the position after it, also in the middle of a ledger', async () => {
        const middle = events.findIndex(({ ledger }, index) => events[index + 1]?.ledger === ledger)
        const next = await page({ after: events[middle]!.id }, 1)
        expect(next.events).toEqual([events[middle + 1]])
      })

      test('a page from a ledger includes that ledger', async () => {
        const { ledger } = events.at(-1)!
        const expected = events.filter((event) => event.ledger === ledger)
        expect((await page({ startLedger: ledger })).events).toEqual(expected)
      })

      test('a page after the tip is empty and has the same cursor', async () => {
        const cursor = endOfLedger(last)
        const idle = await page({ after: cursor })
        expect(idle).toMatchObject({ events: [], cursor, full: false })
      })

      test.each<[string, () => PageStart]>([
        ['a ledger that has not closed', () => ({ startLedger: last + 1 })],
        ['a cursor beyond the tip', () => ({ after: endOfLedger(last + 1) })],
      ])('%s means that the source is behind', async (_, start) => {
        await expect(page(start())).rejects.toMatchObject({
          name: 'SourceError',
          fault: 'behind',
          range: { oldest: first, latest: last },
        })
      })

      test.each<[string, () => PageStart]>([
        ['a forgotten ledger', () => ({ startLedger: first - 1 })],
        ['a cursor before the forgotten ledgers', () => ({ after: endOfLedger(first - 2) })],
        [
          'a cursor in the middle of a forgotten ledger',
          () => ({ after: `${endOfLedger(first - 1).slice(0, 20)}0000000000` }),
        ],
      ])('P3: %s is outside the retention window', async (_, start) => {
        await expect(page(start())).rejects.toMatchObject({
          name: 'SourceError',
          fault: 'outside_retention',
          range: { oldest: first, latest: last },
        })
      })

      test('P3: a cursor at the end of the last forgotten ledger has lost nothing', async () => {
        const [expected] = await walk({ startLedger: first }, LARGE)
        expect(await page({ after: endOfLedger(first - 1) })).toEqual(expected)
      })

      test('each ledger has a hash and a close time, and a missing ledger is undefined', async () => {
        for (const { sequence, hash, closedAt } of recording.ledgers.slice(-3)) {
          const expected = { sequence, hash, closedAt: seconds(closedAt) }
          expect(await source.ledger(sequence, never)).toEqual(expected)
        }
        expect(await source.ledger(last + 1, never)).toBeUndefined()
        expect(await source.ledger(first - 1, never)).toBeUndefined()
      })

      test('entries are found by key, and missing ones are left out', async () => {
        const recorded = recording.ledgers.flatMap(({ entries = [] }) => entries)
        const newest = recorded.at(-1)!
        const other = await loadRecording(fixture === 'quirks' ? 'lively' : 'quirks')
        const missing = other.ledgers.flatMap(({ entries = [] }) => entries)[0]!.key
        const { latestLedger, entries } = await source.entries([missing, newest.key], never)
        expect(latestLedger).toBe(last)
        expect(entries).toEqual([
          {
            key: newest.key,
            xdr: newest.xdr,
            lastModifiedLedger: newest.lastModifiedLedgerSeq,
            liveUntilLedger: newest.liveUntilLedgerSeq,
          },
        ])
      })

      test('an aborted call rejects with the reason of the abort', async () => {
        const reason = new Error('stop')
        const aborted = AbortSignal.abort(reason)
        await expect(source.page({ startLedger: first }, 1, aborted)).rejects.toBe(reason)
        await expect(source.range(aborted)).rejects.toBe(reason)
        await expect(source.network(aborted)).rejects.toBe(reason)
        expect(reason).not.toBeInstanceOf(SourceError)
      })
    })
  })
}
