import { describe, expect, test } from 'vitest'
import { createTips } from '../../src/failover/tips.ts'

const NOW = 1_000_000
const at = (ledger: number, closedAt?: number) => ({ ledger, closedAt })

describe('the best tip', () => {
  test('is the highest', () => {
    const tips = createTips()
    expect(tips.best(NOW)).toBe(0)
    tips.see('a', at(500), NOW)
    tips.see('b', at(700), NOW)
    expect(tips.best(NOW)).toBe(700)
  })

  test('is the only one, however far it jumps', () => {
    const tips = createTips()
    tips.see('a', at(500), NOW)
    tips.see('a', at(5_000_000), NOW)
    expect(tips.best(NOW)).toBe(5_000_000)
  })

  test('is not an absurd one', () => {
    const tips = createTips()
    tips.see('a', at(500, 10_000), NOW)
    tips.see('b', at(1_000_500, 10_005), NOW)
    tips.see('b', at(1_000_501, 10_010), NOW)
    expect(tips.best(NOW)).toBe(500)
    tips.see('c', at(1_000_500), NOW)
    tips.see('b', at(502), NOW)
    expect(tips.best(NOW)).toBe(502)
  })

  test('may be far ahead where as much ledger time has passed', () => {
    const tips = createTips()
    tips.see('a', at(500, 10_000), NOW)
    tips.see('b', at(10_500, 60_000), NOW)
    expect(tips.best(NOW)).toBe(10_500)
  })

  test('may be far ahead where no time is known and it is said again', () => {
    const tips = createTips()
    tips.see('a', at(500), NOW)
    tips.see('b', at(10_500), NOW)
    expect(tips.best(NOW)).toBe(500)
    tips.see('b', at(10_501), NOW)
    expect(tips.best(NOW)).toBe(10_501)
  })

  test('is not that of an endpoint that has said nothing for a minute, or is of another network', () => {
    const tips = createTips()
    tips.see('a', at(700), NOW)
    tips.see('b', at(500), NOW + 59_999)
    expect(tips.best(NOW + 59_999)).toBe(700)
    expect(tips.best(NOW + 60_000)).toBe(500)
    tips.see('a', at(701), NOW + 60_000)
    tips.forget('a')
    expect(tips.best(NOW + 60_000)).toBe(500)
  })
})
