import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createRunwayWatch } from '../../src/ingest/runway.ts'

function watchAt(ledgers: readonly number[]): string[] {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => lines.push((JSON.parse(line) as Line).level) })
  const watch = createRunwayWatch(log)
  // The source keeps the last thousand ledgers.
  for (const [minute, ledger] of ledgers.entries()) {
    const tip = { ledger: 2_000 + minute, closedAt: undefined }
    watch(ledger, { tip, oldest: { ledger: 1_000 + minute, closedAt: undefined } })
  }
  return lines.map((level) => LEVELS[level] ?? level)
}

interface Line {
  level: string
}

const LEVELS: Record<string, string> = { 30: 'info', 40: 'warn' }

test('a shrinking runway is warned about once, again when it has halved, and its recovery is logged', () => {
  expect(watchAt([2_000, 1_500, 1_300, 1_202])).toEqual(['warn'])
  expect(watchAt([2_000, 1_240, 1_230, 1_220, 1_125, 1_120])).toEqual(['warn', 'warn'])
  expect(watchAt([2_000, 1_240, 1_300, 1_700])).toEqual(['warn', 'info'])
})

test('a growing runway is not warned about', () => {
  expect(watchAt([1_010, 1_100, 1_400, 2_000])).toEqual([])
})

test('if the oldest ledger is unknown there is no warning', () => {
  const log = pino({}, { write: () => expect.unreachable() })
  createRunwayWatch(log)(1, { tip: { ledger: 10, closedAt: undefined }, oldest: undefined })
})
