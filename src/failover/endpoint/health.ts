import type { SourceError } from '../../domain/errors.ts'
import { askedDelay, retryDelay } from '../../source/backoff.ts'
import type { Timers } from '../timers.ts'

/**
 * How well an endpoint answers, in two measures. Cooling protects the endpoint: after a fault we
 * leave it alone, longer each time. Trust protects us: after a fault the endpoint loses its place
 * in the order of preference until it has answered well for a while. Without trust, we would switch
 * to and from an endpoint that fails every other call. Both are short enough for an endpoint that
 * has recovered to be in use again within 30 seconds.
 */
export interface EndpointHealth {
  /** Any call was answered well. */
  answeredWell(): void
  failed(error: SourceError): void
  /** Others do better: it loses its place, but does not cool down. */
  distrust(): void
  /** Whether it has its place in the order of preference. */
  isTrusted(): boolean
  /** Milliseconds until it may be asked again; 0: now. */
  coolingMs(): number
  /** Milliseconds left of the pause that the server itself asked for. */
  askedToWaitMs(): number
}

const FIRST_COOLING_MS = 1_000
/** Less than two ledgers: a single endpoint must not be left alone for longer. */
const LONGEST_COOLING_MS = 8_000
/** Trust comes back after this many good answers, which must span the probation. */
const GOOD_ANSWERS = 3
const PROBATION_MS = 7_500
/** If trust is lost again sooner than this, the next probation is twice as long. */
const STEADY_MS = 600_000
const LONGEST_PROBATION_MS = 15_000

export function createHealth({ now, random }: Pick<Timers, 'now' | 'random'>): EndpointHealth {
  const cooling = { random, firstMs: FIRST_COOLING_MS, longestMs: LONGEST_COOLING_MS }
  /** Faults in a row. */
  let failures = 0
  let coolsUntil = Number.NEGATIVE_INFINITY
  let askedUntil = Number.NEGATIVE_INFINITY
  // A new endpoint is trusted: the operator has chosen the order of preference.
  let trusted = true
  let trustedSince = Number.NEGATIVE_INFINITY
  /** Times in a row that trust was lost soon after it had come back. */
  let relapses = 0
  let goodAnswers = 0
  let goodSince = 0

  function distrust(): void {
    if (trusted) relapses = now() - trustedSince < STEADY_MS ? relapses + 1 : 0
    trusted = false
    goodAnswers = 0
  }

  function probationMs(): number {
    return Math.min(PROBATION_MS * 2 ** Math.min(relapses, 10), LONGEST_PROBATION_MS)
  }

  return {
    distrust,
    answeredWell() {
      failures = 0
      coolsUntil = askedUntil = Number.NEGATIVE_INFINITY
      if (trusted) return
      if (goodAnswers === 0) goodSince = now()
      goodAnswers += 1
      if (goodAnswers < GOOD_ANSWERS || now() - goodSince < probationMs()) return
      trusted = true
      trustedSince = now()
    },
    failed(error) {
      distrust()
      failures += 1
      askedUntil = now() + askedDelay(error)
      coolsUntil = Math.max(now() + retryDelay(failures, cooling), askedUntil)
    },
    isTrusted: () => trusted,
    coolingMs: () => Math.max(0, coolsUntil - now()),
    askedToWaitMs: () => Math.max(0, askedUntil - now()),
  }
}
