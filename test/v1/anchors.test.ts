import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { createFirst } from '../../src/v1/anchors.ts'
import { drain } from '../support/drain.ts'

const stream = fc.record({
  lastUpdateTime: fc.bigInt({ min: 0n, max: 30n }),
  streamId: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
})
const all = fc.uniqueArray(stream, { selector: ({ streamId }) => streamId, maxLength: 200 })

test.prop({
  streams: all,
  page: fc.integer({ min: 1, max: 30 }),
  offset: fc.nat(220),
  order: fc.constantFrom('asc', 'desc'),
})('a page of the order of anchors is that of all streams in order', (given) => {
  const { streams, page, offset, order } = given
  const first = createFirst({ order, most: offset + 10 })
  for (let at = 0; at < streams.length; at += page) drain(first.add(streams.slice(at, at + page)))
  const sorted = streams
    .toSorted(
      (a, b) => Number(a.lastUpdateTime - b.lastUpdateTime) || (a.streamId < b.streamId ? -1 : 1),
    )
    .map(({ streamId }) => streamId)
  const wanted = order === 'asc' ? sorted : sorted.toReversed()
  expect(drain(first.ids({ offset, limit: 10 }))).toEqual(wanted.slice(offset, offset + 10))
})

test('a step merges a bounded number of streams, however many there are', () => {
  const STREAMS = 50_000
  const first = createFirst({ order: 'desc', most: 1_000_000_000 })
  let steps = 0
  const count = (work: Generator<void, unknown>) => {
    while (work.next().done !== true) steps += 1
  }
  for (let id = 0; id < STREAMS; id += 200) {
    const page = Array.from({ length: 200 }, (_, at) => ({
      lastUpdateTime: BigInt((id + at) * 7919) % 1_000n,
      streamId: BigInt(id + at),
    }))
    count(first.add(page))
  }
  count(first.ids({ offset: 0, limit: 1 }))
  // Eight times everything, two thousand at once.
  expect(steps).toBeGreaterThan((7 * STREAMS) / 2_000)
})
