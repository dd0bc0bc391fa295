import type { LedgerSource } from '../source/source.ts'
import { allFailed } from './all-failed.ts'
import type { Endpoint } from './endpoint/endpoint.ts'
import { lacksContractOnly } from './endpoint/identity.ts'
import type { Pool } from './pool.ts'
import { race } from './race.ts'
import type { Answer, Failure } from './race.ts'
import { askExtent, askRange, commonRange } from './ranges.ts'
import { isDue } from './ranking.ts'

/** All calls of a source but pages: one good answer is enough for each, except for `extent`. */
export type Lookups = Pick<LedgerSource, 'network' | 'range' | 'extent' | 'ledger' | 'entries'>

export function createLookups(pool: Pool): Lookups {
  const { endpoints, ranking, probes, needed, networkPassphrase, patienceMs, timers } = pool

  async function identified(endpoint: Endpoint, signal: AbortSignal): Promise<Endpoint> {
    await endpoint.identify(ranking.isServing(endpoint), signal)
    return endpoint
  }

  /** For calls that need no contract: an endpoint without it will do, if there is no other. */
  async function ofNetwork(endpoint: Endpoint, signal: AbortSignal): Promise<Endpoint> {
    try {
      return await identified(endpoint, signal)
    } catch (error) {
      if (lacksContractOnly(endpoint)) return endpoint
      throw error
    }
  }

  const createQueue = () => ranking.createQueue({ needed: 1, mayTry: isDueOrLacksContract })

  const failed = (failures: readonly Failure<Endpoint>[]) =>
    allFailed({ endpoints, failures, needed, networkPassphrase })

  /** The first answer that is not undefined; undefined only if every answer is. */
  async function firstAnswer<T>(
    ask: (endpoint: Endpoint, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    probes.start()
    const { decided, answers, failures } = await race<Endpoint, T, Answer<Endpoint, T>>(
      {
        width: 1,
        next: createQueue(),
        ask,
        patienceMs: () => patienceMs,
        decide: (all) => all.find(({ answer }) => answer !== undefined),
        after: timers.after,
      },
      signal,
    )
    const found = decided ?? answers[0]
    if (found === undefined) throw failed(failures)
    return found.answer
  }

  return {
    network: (signal) =>
      firstAnswer(async (endpoint, ending) => {
        await ofNetwork(endpoint, ending)
        return { passphrase: networkPassphrase }
      }, signal),

    async range(signal) {
      probes.start()
      const { answers, failures } = await askRange(
        {
          ...pool,
          next: createQueue(),
          ask: async (endpoint, ending) => (await ofNetwork(endpoint, ending)).range(ending),
        },
        signal,
      )
      if (answers.length === 0) throw failed(failures)
      return commonRange(answers, needed)
    },

    async extent(signal) {
      probes.start()
      const { answers, failures } = await askExtent(
        {
          ...pool,
          ask: async (endpoint, ending) => (await identified(endpoint, ending)).range(ending),
        },
        signal,
      )
      if (answers.length < needed) throw failed(failures)
      return commonRange(answers, needed)
    },

    ledger: (sequence, signal) =>
      firstAnswer(
        async (endpoint, ending) => (await ofNetwork(endpoint, ending)).ledger(sequence, ending),
        signal,
      ),

    entries: (keys, signal) =>
      firstAnswer(
        async (endpoint, ending) => (await identified(endpoint, ending)).entries(keys, ending),
        signal,
      ),
  }
}

function isDueOrLacksContract(endpoint: Endpoint): boolean {
  return isDue(endpoint) || lacksContractOnly(endpoint)
}
