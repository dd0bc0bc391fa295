import { fc, test as property } from '@fast-check/vitest'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { STREAM_STATUSES } from '../../src/domain/stream.ts'
import { i128Order, u64Order } from '../../src/store/stream-row.ts'
import { createStreams, STREAM_SORTS } from '../../src/store/read/streams.ts'
import type { StreamKey, StreamQuery } from '../../src/store/read/streams.ts'
import { I128_MAX, I128_MIN, U64_MAX } from '../../src/domain/integers.ts'
import { jsonTime } from '../../src/domain/times.ts'
import { endTime, statusOf } from '../../src/domain/stream.ts'
import type { Stream } from '../../src/domain/stream.ts'
import { scannedLedger, loadRecording, memoryStore } from '../support/recordings.ts'

const recording = await loadRecording('quirks')
const store = memoryStore()
for (const ledger of recording.ledgers) store.writer.apply(scannedLedger(recording, ledger))
const all = store.streams.page({ sort: 'created', order: 'asc', limit: 10_000 }).streams

function one<T>(values: readonly T[]) {
  return fc.option(fc.constantFrom(...new Set(values)), { nil: undefined })
}

const query = fc.record({
  streams: fc.option(
    fc.subarray([...all.map(({ streamId }) => String(streamId)), '999999'], { minLength: 1 }),
    { nil: undefined },
  ),
  sender: one(all.map((stream) => stream.sender)),
  recipient: one(all.map((stream) => stream.recipient)),
  user: one(all.flatMap((stream) => [stream.sender, stream.recipient])),
  party: one(all.flatMap((stream) => [stream.sender, stream.recipient])),
  token: one(all.map((stream) => stream.tokenAddress)),
  status: one(STREAM_STATUSES),
  sort: fc.constantFrom(...STREAM_SORTS),
  order: fc.constantFrom('asc', 'desc'),
  limit: fc.integer({ min: 1, max: 20 }),
})

/** The number that a stream is sorted by; a stream without an end comes after all others. */
function sortValue(stream: Stream, sort: StreamQuery['sort']): bigint {
  switch (sort) {
    case 'created':
      return stream.streamId
    case 'start':
      return stream.startTime
    case 'end':
      return (
        BigInt(jsonTime(endTime(stream)) ?? Number.MAX_SAFE_INTEGER) +
        (jsonTime(endTime(stream)) === null ? 1n : 0n)
      )
    case 'deposited':
      return stream.depositedAmount
    case 'updated':
      return BigInt(stream.updatedLedger)
  }
}

describe('listing streams', () => {
  property.prop([query])(
    'pages of streams give exactly the matches, in the order of the numbers',
    (wanted) => {
      const read: Stream[] = []
      let after: StreamKey | undefined
      do {
        const page = store.streams.page({ ...wanted, after })
        expect(page.streams.length).toBeLessThanOrEqual(wanted.limit)
        read.push(...page.streams)
        after = page.next
      } while (after !== undefined)
      const { streams, sender, recipient, user, party, token, status, sort, order } = wanted
      const expected = all
        .filter(
          (stream) =>
            (streams === undefined || streams.includes(String(stream.streamId))) &&
            (sender === undefined || stream.sender === sender) &&
            (recipient === undefined || stream.recipient === recipient) &&
            (user === undefined || stream.sender === user || stream.recipient === user) &&
            (party === undefined || stream.sender === party || stream.recipient === party) &&
            (token === undefined || stream.tokenAddress === token) &&
            (status === undefined || statusOf(stream) === status),
        )
        .toSorted((a, b) => {
          const difference = sortValue(a, sort) - sortValue(b, sort) || a.streamId - b.streamId
          return (difference < 0n ? -1 : 1) * (order === 'asc' ? 1 : -1)
        })
      expect(read.map(({ streamId }) => streamId)).toEqual(expected.map(({ streamId }) => streamId))
    },
  )

  const FILTERS: Partial<StreamQuery>[] = [
    {},
    { sender: 'a' },
    { recipient: 'a' },
    { user: 'a' },
    { party: 'a' },
    { user: 'a', party: 'b' },
    { sender: 'a', party: 'b' },
    { token: 'a' },
    { status: 'active' },
    { sender: 'a', recipient: 'b', token: 'c', status: 'paused' },
  ]
  test.each(FILTERS.flatMap((by) => STREAM_SORTS.map((sort) => ({ ...by, sort }))))(
    'P8: a page of streams is read from one index, without sorting: %o',
    (wanted) => {
      const queries: string[] = []
      const spied = new Database(store.sqlite.serialize(), {
        verbose: (sql) => queries.push(String(sql)),
      })
      const after = { value: wanted.sort === 'updated' ? 5 : '5', created: '5' }
      createStreams(spied).page({ order: 'desc', limit: 10, after, ...wanted })
      const selects = queries.filter((sql) => sql.startsWith('select'))
      expect(selects.length).toBeGreaterThan(0)
      for (const sql of selects) {
        const plan = spied.prepare(`explain query plan ${sql}`).all() as { detail: string }[]
        // The rows of a page are read by a list of numbers.
        const steps = plan.map(({ detail }) => detail)
        expect(steps.filter((step) => !step.startsWith('SCAN json_each'))).toEqual([
          expect.stringMatching(/^SEARCH .* (INDEX|INTEGER PRIMARY KEY)/),
        ])
      }
    },
  )
})

describe('what a party may not see', () => {
  const STREAMS = 3_000
  const sqlite = new Database(store.sqlite.serialize())
  const [template] = all
  const columns = (sqlite.pragma('table_info(streams)') as { name: string }[]).map(
    ({ name }) => name,
  )
  const values = columns.map((name) =>
    name === 'sender'
      ? `'busy'`
      : name === 'recipient'
        ? `'busy too'`
        : ['stream_id', 'created_order'].includes(name)
          ? `'9' || value`
          : name,
  )
  sqlite.exec(`with recursive n(value) as (
      select 1000000 union all select value + 1 from n where value < ${1_000_000 + STREAMS})
    insert into streams (${columns.join()}) select ${values.join()}
    from streams, n where stream_id = '${template!.streamId}'`)
  const streams = createStreams(sqlite)

  function stepsOf(steps: Generator<void, unknown>): number {
    let count = 1
    while (steps.next().done !== true) count += 1
    return count
  }

  const PAGE = { sort: 'created', order: 'asc', limit: 50, party: template!.sender } as const
  test.for<Partial<StreamQuery>>([
    { sender: 'busy' },
    { recipient: 'busy too' },
    { user: 'busy' },
    { sender: 'busy', recipient: 'busy too' },
  ])('does not make a list take longer: %o', (by) => {
    expect(stepsOf(streams.list({ ...PAGE, ...by }))).toBe(1)
  })

  test('does not make a summary take longer', () => {
    const between = (address: string) => stepsOf(streams.between(address, PAGE.party, 0))
    expect(between('busy')).toBe(between('nobody'))
  })
})

describe('numbers as text', () => {
  const i128 = fc.bigInt({ min: I128_MIN, max: I128_MAX })
  property.prop([i128, i128])('i128 as text sort like numbers, negative ones too', (a, b) => {
    expect(i128Order(a) < i128Order(b)).toBe(a < b)
  })
  const u64 = fc.bigInt({ min: 0n, max: U64_MAX })
  property.prop([u64, u64])('u64 as text sort like numbers', (a, b) => {
    expect(u64Order(a) < u64Order(b)).toBe(a < b)
  })
})
