import type { SourceError } from '../../domain/errors.ts'
import { askedDelay, retryDelay } from '../../source/backoff.ts'
import type { Timers } from '../timers.ts'

/**
 * How far one endpoint can be relied on, by two measures that are kept apart. Cooling protects the
 * endpoint: after a fault it is left alone, longer each time. Trust protects us: it loses its place
 * in the order of preference until it has answered well for a while, because an endpoint that fails
 * every other time would otherwise be switched to and from without end. Both together are short
 * enough for an endpoint that has recovered to be in use again within 30 seconds.
 */
export interface EndpointHealth {
  /** A good answer, to whatever it was asked. */
  good(): void
  fault(error: SourceError): void
  /** No fault, but others do better: it loses its place without being left alone. */
  doubt(): void
  /** Whether it has its place in the order of preference. */
  isTrusted(): boolean
  /** Milliseconds until it may be asked again; 0: now. */
  coolingMs(): number
  /** Milliseconds that the server itself asked to be left alone for, as far as they are not over. */
  askedToWaitMs(): number
}

const FIRST_COOLING_MS = 1_000
/** Less than two ledgers: with no other endpoint, no more than that is slept through. */
const LONGEST_COOLING_MS = 8_000
/** Trust comes back with so many good answers, the first and the last so far apart at least. */
const GOOD_ANSWERS = 3
const PROBATION_MS = 7_500
/** Trust lost again sooner than this was given too early: the next probation is twice as long. */
const STEADY_MS = 600_000
const LONGEST_PROBATION_MS = 15_000

export function createHealth({ now, random }: Pick<Timers, 'now' | 'random'>): EndpointHealth {
  const cooling = { random, firstMs: FIRST_COOLING_MS, longestMs: LONGEST_COOLING_MS }
  /** Faults in a row. */
  let failures = 0
  let coolsUntil = Number.NEGATIVE_INFINITY
  let askedUntil = Number.NEGATIVE_INFINITY
  // An endpoint that was never asked has its place: the order of preference is the operator's.
  let trusted = true
  let trustedSince = Number.NEGATIVE_INFINITY
  /** Times in a row that trust was lost soon after it had come back. */
  let relapses = 0
  let goodAnswers = 0
  let goodSince = 0

  function doubt(): void {
    if (trusted) relapses = now() - trustedSince < STEADY_MS ? relapses + 1 : 0
    trusted = false
    goodAnswers = 0
  }

  function probationMs(): number {
    return Math.min(PROBATION_MS * 2 ** Math.min(relapses, 10), LONGEST_PROBATION_MS)
  }

  return {
    doubt,
    good() {
      failures = 0
      coolsUntil = askedUntil = Number.NEGATIVE_INFINITY
      if (trusted) return
      if (goodAnswers === 0) goodSince = now()
      goodAnswers += 1
      if (goodAnswers < GOOD_ANSWERS || now() - goodSince < probationMs()) return
      trusted = true
      trustedSince = now()
    },
    fault(error) {
      doubt()
      failures += 1
      askedUntil = now() + askedDelay(error)
      coolsUntil = Math.max(now() + retryDelay(failures, cooling), askedUntil)
    },
    isTrusted: () => trusted,
    coolingMs: () => Math.max(0, coolsUntil - now()),
    askedToWaitMs: () => Math.max(0, askedUntil - now()),
  }
}
