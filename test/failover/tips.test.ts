import { describe, expect, test } from 'vitest'
import { createTips } from '../../src/failover/tips.ts'

const NOW = 1_000_000
const at = (ledger: number, closedAt?: number) => ({ ledger, closedAt })

describe('the best tip', () => {
  test('the best tip is the highest', () => {
    const tips = createTips()
    expect(tips.best(NOW)).toBe(0)
    tips.see({ endpoint: 'a', tip: at(500), now: NOW })
    tips.see({ endpoint: 'b', tip: at(700), now: NOW })
    expect(tips.best(NOW)).toBe(700)
  })

  test('the tip of a single endpoint is believed, however far it jumps', () => {
    const tips = createTips()
    tips.see({ endpoint: 'a', tip: at(500), now: NOW })
    tips.see({ endpoint: 'a', tip: at(5_000_000), now: NOW })
    expect(tips.best(NOW)).toBe(5_000_000)
  })

  test('an absurd tip is ignored', () => {
    const tips = createTips()
    tips.see({ endpoint: 'a', tip: at(500, 10_000), now: NOW })
    tips.see({ endpoint: 'b', tip: at(1_000_500, 10_005), now: NOW })
    tips.see({ endpoint: 'b', tip: at(1_000_501, 10_010), now: NOW })
    expect(tips.best(NOW)).toBe(500)
    tips.see({ endpoint: 'c', tip: at(1_000_500), now: NOW })
    tips.see({ endpoint: 'b', tip: at(502), now: NOW })
    expect(tips.best(NOW)).toBe(502)
  })

  test('a tip far ahead is believed if enough ledger time has passed', () => {
    const tips = createTips()
    tips.see({ endpoint: 'a', tip: at(500, 10_000), now: NOW })
    tips.see({ endpoint: 'b', tip: at(10_500, 60_000), now: NOW })
    expect(tips.best(NOW)).toBe(10_500)
  })

  test('a tip far ahead without a close time is believed when it is repeated', () => {
    const tips = createTips()
    tips.see({ endpoint: 'a', tip: at(500), now: NOW })
    tips.see({ endpoint: 'b', tip: at(10_500), now: NOW })
    expect(tips.best(NOW)).toBe(500)
    tips.see({ endpoint: 'b', tip: at(10_501), now: NOW })
    expect(tips.best(NOW)).toBe(10_501)
  })

  test('tips older than a minute, and tips of another network, are ignored', () => {
    const tips = createTips()
    tips.see({ endpoint: 'a', tip: at(700), now: NOW })
    tips.see({ endpoint: 'b', tip: at(500), now: NOW + 59_999 })
    expect(tips.best(NOW + 59_999)).toBe(700)
    expect(tips.best(NOW + 60_000)).toBe(500)
    tips.see({ endpoint: 'a', tip: at(701), now: NOW + 60_000 })
    tips.forget('a')
    expect(tips.best(NOW + 60_000)).toBe(500)
  })
})
