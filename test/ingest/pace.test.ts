import { describe, expect, test } from 'vitest'
import { createPace } from '../../src/ingest/pace.ts'
import { loadRecording, seconds } from '../support/recordings.ts'

/** Polls a network whose ledgers close at these times (ms). */
function poll(closes: readonly number[], startedAt = 0) {
  const pace = createPace()
  const seen: { ledger: number; latency: number }[] = []
  let now = startedAt
  let polls = 0
  const last = closes.at(-1)!
  while (now <= last + 60_000) {
    const ledger = closes.filter((at) => at <= now).length
    if (ledger > (seen.at(-1)?.ledger ?? 0))
      seen.push({ ledger, latency: now - closes[ledger - 1]! })
    pace.observe(now, { tipLedger: ledger, broughtLedgers: false })
    polls += 1
    if (ledger === closes.length) break
    now += pace.delay(now)
  }
  const latencies = seen
    .slice(10)
    .map(({ latency }) => latency)
    .toSorted((a, b) => a - b)
  return { polls, seen, median: latencies[Math.floor(latencies.length / 2)]! }
}

function steady(period: number): number[] {
  return Array.from({ length: 200 }, (_, n) => n * period)
}

describe('polling at the tip', () => {
  test.each([[5_000], [6_000], [2_500], [500]])(
    'ledgers that close every %d ms are seen within 6 percent of that, with at most 3 polls for each',
    (period) => {
      const { polls, median } = poll(steady(period), 137)
      expect(median).toBeLessThanOrEqual(period * 0.06)
      expect(polls / 200).toBeLessThanOrEqual(3)
    },
  )

  test('ledgers that close half a second early or late are seen within 300 ms', () => {
    let at = 0
    const uneven = Array.from({ length: 200 }, (_, n) => (at += 4_500 + ((n * 7_919) % 1_000)))
    const { polls, median } = poll(uneven, 137)
    expect(median).toBeLessThan(300)
    expect(polls / 200).toBeLessThanOrEqual(3)
  })

  test('recorded ledgers are seen within 200 ms', async () => {
    const { ledgers } = await loadRecording('lively')
    const [first] = ledgers
    const closes = ledgers.map(
      ({ closedAt }) => (seconds(closedAt) - seconds(first!.closedAt)) * 1_000,
    )
    const { polls, median } = poll(closes, 137)
    expect(median).toBeLessThan(200)
    expect(polls / closes.length).toBeLessThanOrEqual(3)
  })

  test('a network that becomes twice as fast is followed', () => {
    const slow = steady(5_000)
    const fast = steady(2_500).map((at) => at + slow.at(-1)! + 2_500)
    const { polls, seen } = poll([...slow, ...fast], 137)
    expect(polls / 400).toBeLessThanOrEqual(3)
    expect(seen.at(-1)!.latency).toBeLessThan(400)
  })

  test('while no ledger comes, polls become rarer, but not rarer than one in two ledgers', () => {
    const pace = createPace()
    let now = 0
    const delays: number[] = []
    for (; now < 3_600_000; now += delays.at(-1)!) {
      pace.observe(now, { tipLedger: 1, broughtLedgers: false })
      delays.push(pace.delay(now))
    }
    expect(delays).toEqual(delays.toSorted((a, b) => a - b))
    expect(delays.at(-1)).toBe(10_000)
  })

  test('P3: the pages of a backfill do not count as polls that came too early', () => {
    const pace = createPace()
    let now = 0
    for (let page = 0; page < 363; page += 1)
      pace.observe((now += 70), { tipLedger: 1, broughtLedgers: true })
    expect(pace.delay(now)).toBeLessThanOrEqual(100)
  })

  test.each([[5_000], [2_500]])(
    'P3: a period of %d ms is still known after a backfill',
    (period) => {
      const pace = createPace()
      const poll = (ledger: number, now: number) =>
        pace.observe(now, { tipLedger: ledger, broughtLedgers: false })
      for (let ledger = 1; ledger <= 20; ledger += 1) {
        poll(ledger - 1, ledger * period - 50)
        poll(ledger, ledger * period)
      }
      const now = 20 * period
      for (let page = 1; page <= 200; page += 1)
        pace.observe(now + page, { tipLedger: 20, broughtLedgers: true })
      expect(pace.delay(now + 200)).toBeLessThanOrEqual(period)
      expect(pace.patienceMs()).toBe(Math.min(2 * period, 10_000))
    },
  )

  test('the wait after a failure is at most about two ledgers, and never longer than 10 s', () => {
    expect(createPace().patienceMs()).toBe(10_000)
    const slow = createPace()
    for (let ledger = 1; ledger < 5; ledger += 1)
      slow.observe(ledger * 60_000, { tipLedger: ledger, broughtLedgers: false })
    expect(slow.patienceMs()).toBe(10_000)
    const fast = createPace()
    for (let ledger = 1; ledger < 5; ledger += 1)
      fast.observe(ledger * 50, { tipLedger: ledger, broughtLedgers: false })
    expect(fast.patienceMs()).toBe(1_000)
  })
})
