import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { I128_MAX, parseU64, U64_MAX } from '../../src/domain/integers.ts'
import { jsonTime } from '../../src/domain/times.ts'
import { claimable, endTime, statusOf } from '../../src/domain/stream.ts'
import type { Stream } from '../../src/domain/stream.ts'

const STREAM: Stream = {
  streamId: 1n,
  sender: 'G1',
  recipient: 'G2',
  tokenAddress: 'C1',
  ratePerSecond: 10n,
  depositedAmount: 1_000n,
  withdrawnAmount: 200n,
  startTime: 0n,
  lastUpdateTime: 100n,
  isActive: true,
  paused: false,
  pausedAt: null,
  status: 'Active',
  ended: null,
  endedAt: null,
  createdLedger: 1,
  updatedLedger: 1,
  lastEventId: null,
  origin: 'events',
  liveUntilLedger: null,
}

const i128 = fc.bigInt({ min: 0n, max: I128_MAX })
const u64 = fc.bigInt({ min: 0n, max: U64_MAX })

describe('P5: the claimable amount', () => {
  test.each([
    ['before the anchor it is nothing', {}, 50n, 0n],
    ['after the anchor it grows with time', {}, 150n, 500n],
    ['it is never more than what is left', {}, 10_000n, 800n],
    ['it stops growing at the pause', { paused: true, pausedAt: 120n }, 10_000n, 200n],
    ['an inactive stream has nothing', { isActive: false }, 150n, 0n],
    ['an overdrawn record has nothing', { withdrawnAmount: 2_000n }, 150n, 0n],
    ['if the product overflows, it is all that is left', { ratePerSecond: I128_MAX }, 102n, 800n],
  ])('%s', (_, change, time, amount) => {
    expect(claimable({ ...STREAM, ...change }, time)).toBe(amount)
  })

  property.prop([i128, i128, i128, u64, u64])(
    'it is never negative and never more than what is left',
    (ratePerSecond, depositedAmount, withdrawnAmount, lastUpdateTime, time) => {
      const stream = { ...STREAM, ratePerSecond, depositedAmount, withdrawnAmount, lastUpdateTime }
      const left = depositedAmount > withdrawnAmount ? depositedAmount - withdrawnAmount : 0n
      const amount = claimable(stream, time)
      expect(amount >= 0n && amount <= left).toBe(true)
    },
  )
})

describe('the end time of a stream', () => {
  test('the end time is when an active stream runs out of money', () => {
    expect(endTime(STREAM)).toBe(180n)
  })
  test.each([
    ['paused', { paused: true, pausedAt: 1n }],
    ['inactive', { isActive: false }],
  ])('a stream that is %s has no end time', (_, change) => {
    expect(endTime({ ...STREAM, ...change })).toBeNull()
  })
  test('a time that a double cannot hold is null in JSON', () => {
    const far = endTime({ ...STREAM, depositedAmount: I128_MAX, ratePerSecond: 1n })
    expect(jsonTime(far)).toBeNull()
    expect(jsonTime(BigInt(Number.MAX_SAFE_INTEGER))).toBe(Number.MAX_SAFE_INTEGER)
  })
})

describe('the status that users see', () => {
  test.each([
    ['active', {}],
    ['paused', { paused: true, status: 'Paused' }],
    ['completed', { isActive: false, ended: 'completed', status: 'Completed' }],
    // Cancelled while paused and then resumed: the chain says Active, but nothing is paid.
    ['cancelled', { isActive: false, ended: 'cancelled', status: 'Active' }],
  ] as const)('a stream is shown as %s', (status, change) => {
    expect(statusOf({ ...STREAM, ...change })).toBe(status)
  })
})

describe('parseU64', () => {
  property.prop([u64])('every u64 is read exactly', (value) => {
    expect(parseU64(value.toString())).toBe(value)
  })
  test.each(['', '-1', '01', '1.0', '1e3', ' 1', '18446744073709551616', '９'])(
    '%j is not a u64',
    (text) => {
      expect(parseU64(text)).toBeUndefined()
    },
  )
})
