import { describe, expect, test } from 'vitest'
import { endOfLedger } from '../../src/domain/cursor.ts'
import { createTipJudge } from '../../src/ingest/tip.ts'
import { createMemoryNode } from '../support/memory-node.ts'
import { ingestion } from '../support/ingestion.ts'
import { loadRecording } from '../support/recordings.ts'

/** A ledger every five seconds. */
const at = (ledger: number) => ({ ledger, closedAt: 5 * ledger })
const answer = (tip: { ledger: number; closedAt: number | undefined }, reached = tip.ledger) => ({
  cursor: endOfLedger(reached),
  closedAt: 5 * reached,
  tip,
})

describe('P9: the believed tip', () => {
  test('a plausible tip is believed', () => {
    const judge = createTipJudge(undefined)
    expect(judge(answer(at(100)))).toEqual(at(100))
    expect(judge(answer(at(101)))).toEqual(at(101))
    // After a month without an answer.
    expect(judge(answer(at(500_000), 2_000))).toEqual(at(500_000))
  })

  test('a tip far ahead is not believed if hardly any time has passed', () => {
    const judge = createTipJudge(undefined)
    judge(answer(at(100)))
    expect(judge(answer({ ledger: 1_000_100, closedAt: 505 }, 101))).toEqual(at(101))
    expect(judge(answer(at(102)))).toEqual(at(102))
  })

  test('an absurd tip is not believed even in the first answer', () => {
    const judge = createTipJudge(undefined)
    expect(judge(answer({ ledger: 1_000_100, closedAt: 505 }, 101))).toEqual(at(101))
  })

  test('the tip stays if a replica is a few ledgers behind', () => {
    const judge = createTipJudge(at(100))
    for (let answers = 0; answers < 10; answers += 1) {
      expect(judge(answer(at(97)))).toEqual(at(100))
    }
  })

  test('a tip is given up if several answers in a row are far below it', () => {
    // Without times the tip cannot be checked, so it is believed at first.
    const judge = createTipJudge(at(100))
    const wrong = { ledger: 1_000_000, closedAt: undefined }
    expect(judge(answer(wrong, 101))).toEqual(wrong)
    expect(judge(answer(at(102)))).toEqual(wrong)
    expect(judge(answer(at(103)))).toEqual(wrong)
    expect(judge(answer(at(104)))).toEqual(at(104))
  })
})

const recording = await loadRecording('quirks')
const last = recording.ledgers.at(-1)!.sequence

describe('P9: an absurd tip in one answer', () => {
  test.each([
    ['with a time', (closedAt: number | undefined) => closedAt],
    ['without a time', () => undefined],
  ])('an absurd tip %s is given up: the lag is right again', async (_, time) => {
    const { source } = createMemoryNode(recording)
    let pages = 0
    const it = ingestion({
      recording,
      sources: [
        {
          ...source,
          async page(start, limit, signal) {
            const page = await source.page(start, limit, signal)
            const { ledger, closedAt } = page.tip
            pages += 1
            if (pages !== 2) return page
            return { ...page, tip: { ledger: ledger + 1_000_000, closedAt: time(closedAt) } }
          },
        },
      ],
      ingest: { pageSize: 100 },
    })
    void it.start()
    await it.untilReached(last)
    await it.time.pass(120_000)
    expect(pages).toBeGreaterThan(5)
    expect(it.coverage.checkpoint()).toMatchObject({ ledger: last, tipLedger: last })
    expect(it.ingest.status()).toMatchObject({ state: 'ok', latestLedger: last })
  })
})
