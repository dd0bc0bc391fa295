/** P3: what proves that one endpoint has lost ledgers. */
import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { createRetentionEvidence } from '../../../src/failover/endpoint/retention.ts'

const LEDGER = 100
const SECOND = 1_000

/** This many answers, this far apart, say that the ledger is gone. */
function answers(count: number, seconds: number, evidence = createRetentionEvidence(), from = 0) {
  for (let i = 0; i < count; i += 1) evidence.oldestNamed(LEDGER + 1, from + i * seconds * SECOND)
  return evidence
}

describe('proof that a ledger is lost', () => {
  test('P3: four answers over 30 seconds prove that a ledger is lost', () => {
    expect(answers(4, 10).proves(LEDGER)).toBe(true)
  })

  test.each<[string, number, number]>([
    ['three answers over hours', 3, 3_600],
    ['four answers over 29 seconds', 4, 29 / 3],
    ['a hundred answers in a second', 100, 0.01],
  ])('P3: %s prove nothing', (_, count, seconds) => {
    expect(answers(count, seconds).proves(LEDGER)).toBe(false)
  })

  test('P3: an answer that shows the ledger starts the count again', () => {
    const evidence = answers(4, 10)
    evidence.ledgerShown(LEDGER)
    expect([evidence.proves(LEDGER), evidence.suspects(LEDGER)]).toEqual([false, false])
    expect(answers(3, 10, evidence, 40 * SECOND).proves(LEDGER)).toBe(false)
    expect(answers(1, 10, evidence, 70 * SECOND).proves(LEDGER)).toBe(true)
  })

  test('P3: an answer that shows only a later ledger changes nothing', () => {
    const evidence = answers(4, 10)
    evidence.ledgerShown(LEDGER + 1)
    expect(evidence.proves(LEDGER)).toBe(true)
    expect(evidence.proves(LEDGER + 1)).toBe(false)
  })

  test('P3: ledgers are lost up to the longest history of the nodes of one URL', () => {
    const evidence = createRetentionEvidence()
    for (const [i, oldest] of [200, 300, 150, 250].entries())
      evidence.oldestNamed(oldest, i * 10 * SECOND)
    expect(evidence.proves(LEDGER)).toBe(true)
    expect(evidence.oldestAfter(LEDGER)).toBe(150)
  })

  test('P3: answers that come too close together do not restart the count', () => {
    expect(answers(3_000, 0.02).proves(LEDGER)).toBe(true)
  })

  type Said = { kind: 'ledgerShown' | 'oldestNamed'; oldest: number; seconds: number }
  const said = fc.record<Said>({
    kind: fc.constantFrom('ledgerShown', 'oldestNamed', 'oldestNamed', 'oldestNamed'),
    oldest: fc.integer({ min: LEDGER - 2, max: LEDGER + 4 }),
    seconds: fc.integer({ min: 0, max: 20 }),
  })

  property.prop([fc.array(said, { maxLength: 40 }), fc.integer({ min: -2, max: 4 })])(
    'P3: only answers since the ledger was last shown count, at least four over 30 seconds',
    (all, offset) => {
      const ledger = LEDGER + offset
      const evidence = createRetentionEvidence()
      let now = 0
      /** The answers that count, by the letter of the promise. */
      let times: number[] = []
      for (const { kind, oldest, seconds } of all) {
        now += seconds * SECOND
        evidence[kind](oldest, now)
        if (oldest <= ledger) times = []
        else if (kind === 'oldestNamed') times.push(now)
      }
      const isLost = times.length >= 4 && times.at(-1)! - times[0]! >= 30 * SECOND
      if (evidence.proves(ledger)) expect(isLost).toBe(true)
    },
  )

  property.prop([fc.array(said, { maxLength: 40 })])(
    'P3: four answers ten seconds apart prove it, whatever came before',
    (before) => {
      const evidence = createRetentionEvidence()
      let now = 0
      for (const { kind, oldest, seconds } of before) {
        now += seconds * SECOND
        evidence[kind](oldest, now)
      }
      evidence.ledgerShown(LEDGER)
      answers(3, 10, evidence, now + 5 * SECOND)
      expect(evidence.proves(LEDGER)).toBe(false)
      answers(1, 10, evidence, now + 35 * SECOND)
      expect(evidence.proves(LEDGER)).toBe(true)
    },
  )
})
