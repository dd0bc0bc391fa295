import { SourceError } from '../domain/errors.ts'
import type { LedgerRange } from '../domain/ledger.ts'
import type { Endpoint } from './endpoint/endpoint.ts'
import type { Pool } from './pool.ts'
import { race } from './race.ts'
import type { Answer, Failure } from './race.ts'
import type { Queue } from './ranking.ts'
import { delay } from './timers.ts'

/** The ledgers of each endpoint that has answered, and the errors of the others. */
export interface Ranges {
  answers: readonly Answer<Endpoint, LedgerRange>[]
  failures: readonly Failure<Endpoint>[]
}

/** Asks one endpoint, after its identity was checked. */
type Ask = (endpoint: Endpoint, signal: AbortSignal) => Promise<LedgerRange>

export interface RangeDeps extends Pick<
  Pool,
  'endpoints' | 'patienceMs' | 'callTimeoutMs' | 'timers'
> {
  next: Queue
  ask: Ask
}

/** Asks all endpoints at once. After the first answer, the others have `patienceMs` to answer. */
export async function askRange(deps: RangeDeps, signal: AbortSignal): Promise<Ranges> {
  const { endpoints, next, ask, patienceMs, callTimeoutMs, timers } = deps
  const { promise: over, reject } = Promise.withResolvers<never>()
  let cancel: (() => void) | undefined

  async function askInTime(endpoint: Endpoint, ending: AbortSignal): Promise<LedgerRange> {
    const answer = await Promise.race([ask(endpoint, ending), over])
    cancel ??= timers.after(patienceMs, () => {
      reject(new SourceError('timeout', 'it is slower than the others'))
    })
    return answer
  }

  return race<Endpoint, LedgerRange, never>(
    {
      width: endpoints.length,
      next,
      ask: askInTime,
      patienceMs: () => callTimeoutMs,
      decide: () => undefined,
      after: timers.after,
    },
    signal,
  ).finally(() => cancel?.())
}

export interface ExtentDeps extends Pick<Pool, 'endpoints' | 'timers' | 'log'> {
  ask: Ask
}

/** An endpoint is given up after both. */
const GIVE_UP_MS = 60_000
const GIVE_UP_TRIES = 3
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 8_000

/**
 * Asks all endpoints, each as often as necessary: a log that begins without the longest history
 * never gets it back. An endpoint that does not answer for a minute is left out, with a warning.
 */
export async function askExtent(deps: ExtentDeps, signal: AbortSignal): Promise<Ranges> {
  const { endpoints, log } = deps
  const answers: Answer<Endpoint, LedgerRange>[] = []
  const failures: Failure<Endpoint>[] = []
  // If one call ends with another error than SourceError, the other calls are ended too.
  const calling = new AbortController()
  const ending = AbortSignal.any([signal, calling.signal])
  try {
    await Promise.all(
      endpoints.map(async (from) => {
        const answer = await askPatiently(deps, from, ending)
        if (answer instanceof SourceError) failures.push({ from, error: answer })
        else answers.push({ from, answer })
      }),
    )
  } finally {
    calling.abort(new Error('the call has ended'))
  }
  for (const { from, error } of answers.length > 0 ? failures : []) {
    if (from.aside() !== undefined) continue
    const detail = `${error.fault}: ${error.message}`
    log.warn({ endpoint: from.name, detail }, 'the start of the log was decided without this RPC')
  }
  return { answers, failures }
}

/** The endpoint's range, or the last error before it was given up. */
async function askPatiently(
  { endpoints, ask, timers }: ExtentDeps,
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<LedgerRange | SourceError> {
  const began = timers.now()
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask(endpoint, signal)
    } catch (error) {
      if (signal.aborted || !(error instanceof SourceError)) throw error
      // With a single endpoint the caller asks again.
      if (endpoint.aside() !== undefined || endpoints.length === 1) return error
      const askedToWaitMs = endpoint.health.askedToWaitMs()
      const leftMs = began + GIVE_UP_MS - timers.now()
      if (leftMs <= 0 && tries >= GIVE_UP_TRIES) return error
      // It asked for a pause that is too long to wait for.
      if (askedToWaitMs > Math.max(leftMs, LONGEST_WAIT_MS)) return error
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS)
      await delay(timers, Math.max(waitMs, askedToWaitMs), signal)
    }
  }
}

/** The ledgers that at least `needed` endpoints have: for two, the second-longest history. */
export function commonRange(answers: Ranges['answers'], needed: number): LedgerRange {
  const oldest = answers.map(({ answer }) => answer.oldest).toSorted((a, b) => a - b)
  const latest = answers.map(({ answer }) => answer.latest).toSorted((a, b) => b - a)
  const at = Math.min(needed, answers.length) - 1
  return { oldest: oldest[at] ?? 0, latest: latest[at] ?? 0 }
}
