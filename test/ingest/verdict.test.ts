import { describe, expect, test } from 'vitest'
import { SourceError, UsageError } from '../../src/domain/errors.ts'
import type { Fault } from '../../src/domain/faults.ts'
import { verdict } from '../../src/ingest/verdict.ts'

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
  ])('a fault %s means %s', (fault, expected) => {
    expect(verdict(new SourceError(fault, 'x'))).toBe(expected)
  })

  test('P3: ledgers outside retention are lost once that is confirmed', () => {
    const lost = new SourceError('outside_retention', 'x', { confirmed: true })
    expect(verdict(lost)).toBe('lost')
  })

  test('P9: anything that is not a fault of the source means halt', () => {
    expect(verdict(new TypeError('undefined is not a function'))).toBe('halt')
    expect(verdict(new UsageError('set NETWORK'))).toBe('halt')
    expect(verdict(undefined)).toBe('halt')
  })
})
