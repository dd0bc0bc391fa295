import type { Logger } from 'pino'
import type { Endpoint } from './endpoint/endpoint.ts'
import { askExtent, askRange, commonRange } from './ranges.ts'
import { allFailed } from './all-failed.ts'
import { race } from './race.ts'
import type { Failure, Outcome } from './race.ts'
import { isDue, isOurs } from './ranking.ts'
import type { Ranking } from './ranking.ts'
import type { LedgerSource } from '../source/source.ts'
import type { Timers } from './timers.ts'

/** All that a source is asked besides pages, put to several endpoints. */
export interface Questions extends Omit<LedgerSource, 'page'> {
  /** The endpoint, once it is known to be of our network and to have the contract. */
  identified(endpoint: Endpoint, signal: AbortSignal): Promise<Endpoint>
}

export interface QuestionDeps {
  endpoints: readonly Endpoint[]
  ranking: Ranking
  agreement: 1 | 2
  networkPassphrase: string
  /** The time one endpoint has before the next is asked as well. */
  patienceMs: number
  callTimeoutMs: number
  timers: Timers
  log: Logger
  /** Called at each question. */
  began(): void
}

export function createQuestions(deps: QuestionDeps): Questions {
  const { endpoints, ranking, agreement, networkPassphrase, patienceMs, began } = deps
  const { callTimeoutMs, timers, log } = deps
  const { after } = timers

  async function identified(endpoint: Endpoint, signal: AbortSignal): Promise<Endpoint> {
    await endpoint.identify(ranking.serving().includes(endpoint), signal)
    return endpoint
  }

  /** For what is not about the contract: an endpoint without it will do, where there is no other. */
  async function located(endpoint: Endpoint, signal: AbortSignal): Promise<Endpoint> {
    try {
      return await identified(endpoint, signal)
    } catch (error) {
      if (isOurs(endpoint)) return endpoint
      throw error
    }
  }

  /** The answer of the first endpoint that has a usable one. */
  async function ask<T, R>(
    make: (endpoint: Endpoint, signal: AbortSignal) => Promise<T>,
    usable: (answer: T) => R | undefined,
    signal: AbortSignal,
  ): Promise<Outcome<Endpoint, T, R>> {
    began()
    return race(
      {
        width: 1,
        next: ranking.createQueue(1, undefined, isDueOrOurs),
        ask: make,
        patienceMs: () => patienceMs,
        decide: (answers) =>
          answers.map(({ answer }) => usable(answer)).find((answer) => answer !== undefined),
        outrun: () => {},
        after,
      },
      signal,
    )
  }

  const failed = (failures: readonly Failure<Endpoint>[]) =>
    allFailed({ endpoints, failures, agreement, networkPassphrase })

  return {
    identified,

    async network(signal) {
      const outcome = await ask(
        async (endpoint, ending) => {
          await located(endpoint, ending)
          return { passphrase: networkPassphrase }
        },
        (network) => network,
        signal,
      )
      if (outcome.decided !== undefined) return outcome.decided
      throw failed(outcome.failures)
    },

    async range(signal) {
      began()
      const { answers, failures } = await askRange(
        {
          width: endpoints.length,
          next: ranking.createQueue(1, undefined, isDueOrOurs),
          ask: async (endpoint, ending) => (await located(endpoint, ending)).range(ending),
          patienceMs,
          callTimeoutMs,
          after,
        },
        signal,
      )
      if (answers.length === 0) throw failed(failures)
      return commonRange(answers, agreement)
    },

    async extent(signal) {
      began()
      const { answers, failures } = await askExtent(
        {
          endpoints,
          ask: async (endpoint, ending) => (await identified(endpoint, ending)).range(ending),
          timers,
          log,
        },
        signal,
      )
      if (answers.length < agreement) throw failed(failures)
      return commonRange(answers, agreement)
    },

    async ledger(sequence, signal) {
      const outcome = await ask(
        async (endpoint, ending) => (await located(endpoint, ending)).ledger(sequence, ending),
        (ledger) => ledger,
        signal,
      )
      if (outcome.decided !== undefined) return outcome.decided
      // Those that can be asked do not have it.
      if (outcome.answers.length > 0) return undefined
      throw failed(outcome.failures)
    },

    async entries(keys, signal) {
      const outcome = await ask(
        async (endpoint, ending) => (await identified(endpoint, ending)).entries(keys, ending),
        (entries) => entries,
        signal,
      )
      if (outcome.decided !== undefined) return outcome.decided
      throw failed(outcome.failures)
    },
  }
}

/** Whether one that is set aside may be tried, where there is no other, for what is not about the contract. */
function isDueOrOurs(endpoint: Endpoint): boolean {
  return isDue(endpoint) || isOurs(endpoint)
}
