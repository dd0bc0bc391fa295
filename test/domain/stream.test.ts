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

describe('what is claimable', () => {
  test.each([
    ['before the anchor: nothing', {}, 50n, 0n],
    ['since the anchor', {}, 150n, 500n],
    ['never more than what is left', {}, 10_000n, 800n],
    ['until the pause', { paused: true, pausedAt: 120n }, 10_000n, 200n],
    ['of an inactive stream: nothing', { isActive: false }, 150n, 0n],
    ['of an overdrawn record: nothing', { withdrawnAmount: 2_000n }, 150n, 0n],
    ['where the product overflows: all that is left', { ratePerSecond: I128_MAX }, 102n, 800n],
  ])('%s', (_, change, time, amount) => {
    expect(claimable({ ...STREAM, ...change }, time)).toBe(amount)
  })

  property.prop([i128, i128, i128, u64, u64])(
    'is never negative and never more than what is left, at any extreme',
    (ratePerSecond, depositedAmount, withdrawnAmount, lastUpdateTime, time) => {
      const stream = { ...STREAM, ratePerSecond, depositedAmount, withdrawnAmount, lastUpdateTime }
      const left = depositedAmount > withdrawnAmount ? depositedAmount - withdrawnAmount : 0n
      const amount = claimable(stream, time)
      expect(amount >= 0n && amount <= left).toBe(true)
    },
  )
})

describe('the end time', () => {
  test('is when an active stream runs dry', () => {
    expect(endTime(STREAM)).toBe(180n)
  })
  test.each([
    ['paused', { paused: true, pausedAt: 1n }],
    ['inactive', { isActive: false }],
  ])('does not exist while %s', (_, change) => {
    expect(endTime({ ...STREAM, ...change })).toBeNull()
  })
  test('is null in JSON where a double could not hold it', () => {
    const far = endTime({ ...STREAM, depositedAmount: I128_MAX, ratePerSecond: 1n })
    expect(jsonTime(far)).toBeNull()
    expect(jsonTime(BigInt(Number.MAX_SAFE_INTEGER))).toBe(Number.MAX_SAFE_INTEGER)
  })
})

describe('the status people see', () => {
  test.each([
    ['active', {}],
    ['paused', { paused: true, status: 'Paused' }],
    ['completed', { isActive: false, ended: 'completed', status: 'Completed' }],
    // Cancelled while paused and then resumed: the chain says Active, nobody is paid.
    ['cancelled', { isActive: false, ended: 'cancelled', status: 'Active' }],
  ] as const)('is %s', (status, change) => {
    expect(statusOf({ ...STREAM, ...change })).toBe(status)
  })
})

describe('a u64 in text', () => {
  property.prop([u64])('is read whole', (value) => {
    expect(parseU64(value.toString())).toBe(value)
  })
  test.each(['', '-1', '01', '1.0', '1e3', ' 1', '18446744073709551616', '９'])(
    'is not %j',
    (text) => {
      expect(parseU64(text)).toBeUndefined()
    },
  )
})
