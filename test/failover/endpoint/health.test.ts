import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { SourceError } from '../../../src/domain/errors.ts'
import { createHealth } from '../../../src/failover/endpoint/health.ts'

const fault = new SourceError('unreachable', 'gone')

function create(random = () => 0) {
  let time = 0
  const advance = (seconds: number) => {
    time += seconds * 1_000
  }
  return { health: createHealth({ now: () => time, random }), advance }
}

type Created = ReturnType<typeof create>

/** Answers well every second; returns the seconds until it is trusted. */
function untilTrusted({ health, advance }: Created): number {
  for (let seconds = 0; ; seconds += 1) {
    health.answeredWell()
    if (health.isTrusted()) return seconds
    advance(1)
  }
}

describe('the health of an endpoint', () => {
  test('an endpoint is trusted until its first fault', () => {
    const { health } = create()
    expect([health.isTrusted(), health.coolingMs()]).toEqual([true, 0])
  })

  test('trust comes back after several good answers, but not within a moment', () => {
    const created = create()
    created.health.failed(fault)
    for (let i = 0; i < 100; i += 1) created.health.answeredWell()
    expect(created.health.isTrusted()).toBe(false)
    created.advance(15)
    created.health.answeredWell()
    expect(created.health.isTrusted()).toBe(true)
  })

  test('trust does not come back by time alone', () => {
    const { health, advance } = create()
    health.failed(fault)
    health.answeredWell()
    advance(3_600)
    health.answeredWell()
    expect(health.isTrusted()).toBe(false)
    health.answeredWell()
    expect(health.isTrusted()).toBe(true)
  })

  test('trust that was lost again soon takes twice as long to come back, at most 15 seconds', () => {
    const created = create()
    const lose = () => {
      created.health.distrust()
      return untilTrusted(created)
    }
    expect(Array.from({ length: 7 }, lose)).toEqual([8, 15, 15, 15, 15, 15, 15])
    created.advance(601)
    expect(lose()).toBe(8)
  })

  test('each fault in a row doubles the cooling, up to eight seconds', () => {
    const { health } = create(() => 1)
    const cool = () => {
      health.failed(fault)
      return health.coolingMs() / 1_000
    }
    expect(Array.from({ length: 8 }, cool)).toEqual([1, 2, 4, 8, 8, 8, 8, 8])
    health.answeredWell()
    expect(health.coolingMs()).toBe(0)
    expect(cool()).toBe(1)
  })

  property.prop([fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 20 })])(
    'jitter shortens the cooling by at most half',
    (chance, faults) => {
      const { health } = create(() => chance)
      for (let i = 0; i < faults; i += 1) health.failed(fault)
      const longest = Math.min(1_000 * 2 ** (faults - 1), 8_000)
      expect(health.coolingMs()).toBeGreaterThanOrEqual(longest / 2)
      expect(health.coolingMs()).toBeLessThanOrEqual(longest)
    },
  )

  test('a pause that the server asks for is kept, up to five minutes', () => {
    const { health, advance } = create()
    health.failed(new SourceError('busy', '429', { retryAfterMs: 20_000 }))
    advance(5)
    expect([health.coolingMs(), health.askedToWaitMs()]).toEqual([15_000, 15_000])
    health.failed(new SourceError('busy', '429', { retryAfterMs: 86_400_000 }))
    expect(health.askedToWaitMs()).toBe(300_000)
    health.failed(fault)
    expect(health.askedToWaitMs()).toBe(0)
  })
})
