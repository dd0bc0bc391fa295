import { join } from 'node:path'
import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { I128_MAX, I128_MIN, U64_MAX } from '../../src/domain/integers.ts'
import { claimable, statusOf } from '../../src/domain/stream.ts'
import type { Stream } from '../../src/domain/stream.ts'
import { createClaimable } from '../../src/store/read/claimable.ts'
import { openDatabase } from '../../src/store/database.ts'
import type { Sqlite } from '../../src/store/sqlite.ts'
import { createProjection } from '../../src/store/write/projection.ts'
import { openStore } from '../../src/store/store.ts'
import type { TokenSums } from '../../src/store/read/overall.ts'
import { createStreams } from '../../src/store/read/streams.ts'
import { createTotals } from '../../src/store/read/totals.ts'
import { temporaryFolder } from '../support/process.ts'
import { drain } from '../support/drain.ts'
import { loadRecording, memoryStore, scannedLedger, storeAt } from '../support/recordings.ts'

const decode = createDecoder()
const quirks = await loadRecording('quirks')

function allStreams(sqlite: Sqlite): Stream[] {
  return createStreams(sqlite).page({ sort: 'created', order: 'asc', limit: 1_000_000 }).streams
}

/** The expected rows of the table, added up stream by stream. */
function added(streams: readonly Stream[]): Map<string, [number, bigint, bigint]> {
  const sums = new Map<string, [number, bigint, bigint]>()
  for (const stream of streams) {
    const { tokenAddress, sender, recipient, depositedAmount, withdrawnAmount } = stream
    for (const place of [`${sender} sender`, `${recipient} recipient`, ' all']) {
      const key = `${place} ${tokenAddress} ${statusOf(stream)}`
      const [count, deposited, withdrawn] = sums.get(key) ?? [0, 0n, 0n]
      sums.set(key, [count + 1, deposited + depositedAmount, withdrawn + withdrawnAmount])
    }
  }
  return sums
}

function kept(sqlite: Sqlite): Map<string, [number, bigint, bigint]> {
  const addresses = sqlite
    .prepare('select distinct address from stream_totals')
    .pluck()
    .all() as string[]
  const { ofAddress, ofAll } = createTotals(sqlite)
  return new Map(
    addresses.flatMap((address) =>
      (address === ''
        ? ofAll().map((total) => ({ ...total, side: 'all' }))
        : ofAddress(address)
      ).map(({ side, tokenAddress, status, streams, ...sums }) => [
        `${address} ${side} ${tokenAddress} ${status}`,
        [streams, sums.depositedAmount, sums.withdrawnAmount],
      ]),
    ),
  )
}

const amount = fc.oneof(
  fc.bigInt({ min: 0n, max: 10n ** 12n }),
  fc.bigInt({ min: 0n, max: 10n ** 19n }),
  fc.bigInt({ min: I128_MIN, max: I128_MAX }),
)
const time = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 32n }), fc.bigInt({ min: 0n, max: U64_MAX }))
const party = fc.constantFrom('alice', 'bob', 'carol')
const record = fc.record({
  sender: party,
  recipient: party,
  tokenAddress: fc.constantFrom('gold', 'silver'),
  ratePerSecond: amount,
  depositedAmount: amount,
  withdrawnAmount: amount,
  startTime: time,
  lastUpdateTime: time,
  isActive: fc.boolean(),
  paused: fc.boolean(),
  pausedAt: fc.option(time),
})

function streamOf(number: number, fields: Partial<Stream>): Stream {
  return {
    ...(fields as Stream),
    streamId: BigInt(number),
    status: 'Active',
    ended: null,
    endedAt: null,
    createdLedger: 1,
    updatedLedger: 1,
    lastEventId: null,
    origin: 'events',
    liveUntilLedger: null,
  }
}

describe('totals', () => {
  property.prop([fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 40 })], { numRuns: 6 })(
    'P5: totals equal the sums over all streams, in any order of ledgers and after a rebuild',
    (numbers, withheld) => {
      const store = memoryStore()
      const { ledgers } = quirks
      const late = ledgers.filter((_, at) => at % withheld === 0)
      const first = ledgers.filter((ledger) => !late.includes(ledger))
      for (const ledger of first) store.writer.apply(scannedLedger(quirks, ledger))
      const order = late.map((ledger) => ({ ledger, by: numbers.next().value as number }))
      for (const { ledger } of order.toSorted((a, b) => a.by - b.by)) {
        store.writer.apply(scannedLedger(quirks, ledger))
      }
      const expected = added(allStreams(store.sqlite))
      expect(expected.size).toBeGreaterThan(0)
      expect(kept(store.sqlite)).toEqual(expected)
      store.writer.rebuild()
      expect(kept(store.sqlite)).toEqual(expected)
      store.close()
    },
  )

  property.prop([fc.array(fc.tuple(fc.nat(8), fc.option(record)))], { numRuns: 20 })(
    'P5: totals follow any change of any stream, with amounts of any size',
    (changes) => {
      const { sqlite, close } = memoryStore()
      const projection = createProjection(sqlite)
      for (const [number, fields] of changes) {
        if (fields === null) projection.delete(BigInt(number))
        else {
          // A stream never changes its parties, so the row is replaced.
          projection.delete(BigInt(number))
          projection.set(streamOf(number, fields))
        }
        if (number % 2 === 0) projection.flush()
      }
      projection.flush()
      expect(kept(sqlite)).toEqual(added(allStreams(sqlite)))
      close()
    },
  )

  test('P2: the changes of a failed transaction are not added by the next one', () => {
    const { sqlite, close } = memoryStore()
    const projection = createProjection(sqlite)
    const fields = { sender: 'alice', recipient: 'bob', tokenAddress: 'gold' }
    const rest = { ratePerSecond: 1n, depositedAmount: 9n, withdrawnAmount: 0n }
    const times = { startTime: 0n, lastUpdateTime: 0n, pausedAt: null }
    const stream = streamOf(1, { ...fields, ...rest, ...times, isActive: true, paused: false })
    const failing = sqlite.transaction(() => {
      projection.delete(7n)
      projection.set(stream)
      throw new Error('no space')
    })
    expect(() => failing()).toThrow('no space')
    projection.clear()
    projection.set(stream)
    projection.flush()
    expect(kept(sqlite)).toEqual(added([stream]))
    close()
  })

  test('P5: a file from before the totals gets them when it is opened', async () => {
    const path = join(await temporaryFolder(), 'old.db')
    const store = storeAt(path)
    for (const ledger of quirks.ledgers) store.writer.apply(scannedLedger(quirks, ledger))
    const expected = kept(store.sqlite)
    store.sqlite.exec(
      `drop table stream_totals;
       drop table tokens;
       drop table corrections;
       drop table relay_position;
       drop index events_by_transaction;
       delete from __drizzle_migrations where created_at >
         (select min(created_at) from __drizzle_migrations)`,
    )
    store.close()
    const migrated = openDatabase(path)
    expect(kept(migrated)).toEqual(expected)
    expect(kept(migrated)).toEqual(added(allStreams(migrated)))
    migrated.close()
  })
})

/** What `overall` should say about these streams. */
function sumsOf(streams: readonly Stream[], at: bigint): TokenSums[] {
  const byToken = Map.groupBy(streams, ({ tokenAddress }) => tokenAddress)
  const of = (some: readonly Stream[], amount: (stream: Stream) => bigint) =>
    some.reduce((sum, stream) => sum + amount(stream), 0n)
  return [...byToken]
    .map(([tokenAddress, some]) => ({
      tokenAddress,
      streams: Object.fromEntries(
        [...Map.groupBy(some, statusOf)].map(([status, { length }]) => [status, length]),
      ),
      depositedAmount: of(some, ({ depositedAmount }) => depositedAmount),
      withdrawnAmount: of(some, ({ withdrawnAmount }) => withdrawnAmount),
      lockedAmount: of(
        some.filter(({ isActive }) => isActive),
        (stream) => stream.depositedAmount - stream.withdrawnAmount,
      ),
      claimableAmount: of(some, (stream) => claimable(stream, at)),
    }))
    .toSorted((a, b) => (a.tokenAddress < b.tokenAddress ? -1 : 1))
}

describe('claimable amounts, and sums by token', () => {
  property.prop([fc.array(record, { maxLength: 30 }), fc.bigInt({ min: 0n, max: 2n ** 33n })], {
    numRuns: 20,
  })(
    'P5: sums are those over the visible streams, a stream to oneself once, for amounts of any size',
    (records, at) => {
      const { sqlite, close } = memoryStore()
      const projection = createProjection(sqlite)
      const streams = records.map((fields, number) => streamOf(number, fields))
      for (const stream of streams) projection.set(stream)
      projection.flush()
      const { ofAddress } = createClaimable(sqlite)
      for (const address of ['alice', 'bob', 'nobody']) {
        const sums = drain(ofAddress(address, Number(at)))
        for (const side of ['sender', 'recipient'] as const) {
          for (const token of ['gold', 'silver']) {
            const expected = streams
              .filter((stream) => stream[side] === address && stream.tokenAddress === token)
              .reduce((sum, stream) => sum + claimable(stream, at), 0n)
            expect(sums[side].get(token) ?? 0n).toBe(expected)
          }
        }
      }
      const { overall } = createStreams(sqlite)
      for (const viewer of [undefined, 'alice', 'nobody', '']) {
        const visible = streams.filter(({ sender, recipient }) =>
          viewer === undefined ? true : sender === viewer || recipient === viewer,
        )
        expect(drain(overall(viewer, Number(at)))).toEqual(sumsOf(visible, at))
      }
      close()
    },
  )
})

describe('a read in several steps', () => {
  test('P3: a read in several steps sees one state, even if commits come in between', async () => {
    const store = openStore({ path: join(await temporaryFolder(), 'held.db'), decode })
    onTestFinished(() => store.close())
    const half = Math.floor(quirks.ledgers.length / 2)
    const [before, after] = [quirks.ledgers.slice(0, half), quirks.ledgers.slice(half)]
    for (const ledger of before) store.writer.apply(scannedLedger(quirks, ledger))
    const expected = store.coverage.checkpoint()
    const steps = store.held.read(function* ({ coverage, streams }) {
      const first = coverage.checkpoint()
      yield
      return { first, second: coverage.checkpoint(), count: streams.count() }
    })
    steps.next()
    const count = store.streams.count()
    for (const ledger of after) store.writer.apply(scannedLedger(quirks, ledger))
    expect(store.streams.count()).toBeGreaterThan(count)
    expect(drain(steps)).toEqual({ first: expected, second: expected, count })
  })

  test('P8: at most four reads in steps run at once; one that ends early makes room', async () => {
    const store = openStore({ path: join(await temporaryFolder(), 'held.db'), decode })
    onTestFinished(() => store.close())
    const begun: number[] = []
    const held = (number: number) =>
      store.held.read(function* () {
        begun.push(number)
        yield
        return number
      })
    const reads = [1, 2, 3, 4, 5].map(held)
    for (const steps of [...reads, ...reads.slice(4)]) steps.next()
    expect(begun).toEqual([1, 2, 3, 4])
    reads[0]?.return(0)
    reads[4]?.next()
    expect(begun).toEqual([1, 2, 3, 4, 5])
    expect(reads.slice(1).map(drain)).toEqual([2, 3, 4, 5])
  })
})
