import { describe, expect, test } from 'vitest'
import { SourceError, UsageError } from '../../src/domain/errors.ts'
import type { Fault } from '../../src/domain/faults.ts'
import { backoff, verdict } from '../../src/ingest/verdict.ts'

describe('the verdict', () => {
  test.each<[Fault, string]>([
    ['unreachable', 'retry'],
    ['timeout', 'retry'],
    ['busy', 'retry'],
    ['time_limit', 'retry'],
    ['too_many', 'retry'],
    ['malformed', 'retry'],
    ['not_ready', 'retry'],
    ['behind', 'retry'],
    ['refused', 'retry'],
    ['unknown', 'retry'],
    ['history_changed', 'retry'],
    ['outside_retention', 'retry'],
  ])('on %s is %s', (fault, expected) => {
    expect(verdict(new SourceError(fault, 'x'))).toBe(expected)
  })

  test('P3: on ledgers outside retention is lost once that is confirmed', () => {
    const lost = new SourceError('outside_retention', 'x', { confirmed: true })
    expect(verdict(lost)).toBe('lost')
  })

  test('on anything that is not a fault of the source is to halt', () => {
    expect(verdict(new TypeError('undefined is not a function'))).toBe('halt')
    expect(verdict(new UsageError('set NETWORK'))).toBe('halt')
    expect(verdict(undefined)).toBe('halt')
  })
})

describe('the wait before the next try', () => {
  const busy = new SourceError('busy', 'x')
  test('doubles up to two ledgers, and chance takes off at most half', () => {
    const longest = [1, 2, 3, 8, 30].map((failures) => backoff(busy, failures, { random: () => 1 }))
    expect(longest).toEqual([250, 500, 1_000, 10_000, 10_000])
    expect(backoff(busy, 8, { random: () => 0 })).toBe(5_000)
  })
  test('is at least what the server asked for, within reason', () => {
    const asked = (retryAfterMs: number) => new SourceError('busy', 'x', { retryAfterMs })
    expect(backoff(asked(7_000), 1, { random: () => 1 })).toBe(7_000)
    expect(backoff(asked(10), 3, { random: () => 1 })).toBe(1_000)
    expect(backoff(asked(86_400_000), 1, { random: () => 1 })).toBe(300_000)
  })
})
