import type { Logger } from 'pino'
import { SourceError } from '../domain/errors.ts'
import { rest } from './timers.ts'
import type { Timers } from './timers.ts'
import type { Endpoint } from './endpoint/endpoint.ts'
import { race } from './race.ts'
import type { Answer, Failure, Race } from './race.ts'
import type { LedgerRange } from '../domain/ledger.ts'

/** The ledgers of several endpoints, as far as they have answered. */
export interface Ranges {
  answers: readonly Answer<Endpoint, LedgerRange>[]
  failures: readonly Failure<Endpoint>[]
}

export interface RangeDeps extends Pick<
  Race<Endpoint, LedgerRange, never>,
  'width' | 'next' | 'ask' | 'after'
> {
  /** How much longer than the first the others may take. */
  patienceMs: number
  callTimeoutMs: number
}

/** What endpoints answer soon: one that is slower than the others is not waited for. */
export async function askRange(deps: RangeDeps, signal: AbortSignal): Promise<Ranges> {
  const { ask, patienceMs, callTimeoutMs, after, ...others } = deps
  const { promise: over, reject } = Promise.withResolvers<never>()
  let cancel: (() => void) | undefined
  const entrants: Race<Endpoint, LedgerRange, never> = {
    ...others,
    after,
    async ask(endpoint, ending) {
      const answer = await Promise.race([ask(endpoint, ending), over])
      cancel ??= after(patienceMs, () => {
        reject(new SourceError('timeout', 'it is slower than the others'))
      })
      return answer
    },
    patienceMs: () => callTimeoutMs,
    decide: () => undefined,
    outrun: () => {},
  }
  return race(entrants, signal).finally(() => cancel?.())
}

/**
 * What all endpoints have between them. A log that begins without the longest history never gets
 * it back, so every endpoint has to answer, however often it takes; one that cannot be asked for a
 * long while is named and left out.
 */
export interface ExtentDeps {
  endpoints: readonly Endpoint[]
  /** Asks one endpoint, once it is known to be ours. */
  ask(endpoint: Endpoint, signal: AbortSignal): Promise<LedgerRange>
  timers: Timers
  log: Logger
}

/** Given up after both. */
const GIVE_UP_MS = 60_000
const GIVE_UP_TRIES = 3
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 8_000

export async function askExtent(deps: ExtentDeps, signal: AbortSignal): Promise<Ranges> {
  const { endpoints, log } = deps
  const answers: Answer<Endpoint, LedgerRange>[] = []
  const failures: Failure<Endpoint>[] = []
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
    log.warn({ endpoint: from.name, detail }, 'where the log begins was decided without this RPC')
  }
  return { answers, failures }
}

/** A range, or why there is none. */
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
      // There is nobody to wait for: the caller asks again.
      if (endpoint.aside() !== undefined || endpoints.length === 1) return error
      const waitMs = Math.max(
        Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS),
        endpoint.health.askedToWaitMs(),
      )
      const leftMs = began + GIVE_UP_MS - timers.now()
      if (leftMs <= 0 && tries >= GIVE_UP_TRIES) return error
      // One that asks to be left alone for longer cannot be asked in time.
      if (endpoint.health.askedToWaitMs() > Math.max(leftMs, LONGEST_WAIT_MS)) return error
      await rest(timers, waitMs, signal)
    }
  }
}

/** The ledgers that so many of the endpoints have: of two, the second-longest history counts. */
export function commonRange(answers: Ranges['answers'], needed: number): LedgerRange {
  const oldest = answers.map(({ answer }) => answer.oldest).toSorted((a, b) => a - b)
  const latest = answers.map(({ answer }) => answer.latest).toSorted((a, b) => b - a)
  const at = Math.min(needed, answers.length) - 1
  return { oldest: oldest[at] ?? 0, latest: latest[at] ?? 0 }
}
