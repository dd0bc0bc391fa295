import { SourceError } from '../domain/errors.ts'
import type { LedgerPage, LedgerSource } from '../source/source.ts'
import { createAgreement } from './agreement.ts'
import type { AgreementCounters } from './agreement.ts'
import { allFailed } from './all-failed.ts'
import type { Endpoint, PageRequest } from './endpoint/endpoint.ts'
import type { Pool } from './pool.ts'
import { race } from './race.ts'

/** Pages from the best endpoint, or from two of them that agree. */
export interface Pages extends Pick<LedgerSource, 'page'> {
  /** `failovers`: how often pages began to come from another endpoint. */
  counters(): AgreementCounters & { failovers: number }
}

export function createPages(pool: Pool): Pages {
  const { endpoints, ranking, probes, tips, needed, networkPassphrase, timers, log } = pool
  const agreement = createAgreement(needed, log)
  let failovers = 0

  /** An empty page of an endpoint that lags is an error: others have the next ledgers. */
  async function usefulPage(
    endpoint: Endpoint,
    request: Omit<PageRequest, 'isServing'>,
    signal: AbortSignal,
  ): Promise<LedgerPage> {
    await endpoint.identify(ranking.isServing(endpoint), signal)
    const isServing = ranking.isServing(endpoint)
    const page = await endpoint.page({ ...request, isServing }, signal)
    const { start } = request
    const isEmpty = 'after' in start && page.cursor === start.after
    if (!isEmpty || !endpoint.ledgers.lags()) return page
    const latest = page.tip.ledger
    const best = tips.best(timers.now())
    const detail = `its newest ledger is ${latest}, and another RPC has ${best}`
    const range = { oldest: page.oldest?.ledger ?? latest, latest }
    throw new SourceError('behind', detail, { range })
  }

  function serve(agreeing: readonly Endpoint[]): void {
    const serving = ranking.serving()
    if (serving.length > 0 && agreeing.some((endpoint) => !serving.includes(endpoint))) {
      failovers += 1
      const [from, to] = [serving, agreeing].map((each) => each.map(({ name }) => name).join(', '))
      log.info({ from, to }, 'failover: pages come from another RPC')
    }
    ranking.serve(agreeing)
  }

  return {
    async page(start, limit, signal) {
      probes.start()
      const { decided, answers, failures } = await race<Endpoint, LedgerPage, LedgerPage>(
        {
          width: needed,
          next: ranking.createQueue({ needed, start }),
          ask: (endpoint, ending) => usefulPage(endpoint, { start, limit }, ending),
          patienceMs: (endpoint) => endpoint.patienceMs(pool.patienceMs),
          decide: agreement.decide,
          onOvertaken: (endpoint) => endpoint.overtaken(),
          after: timers.after,
        },
        signal,
      )
      if (decided !== undefined) {
        serve(agreement.accept(decided, answers))
        return decided
      }
      if (answers.length > 1) throw agreement.reject(start, answers)
      const answered = answers.map(({ from }) => from)
      throw allFailed({ endpoints, failures, needed, answered, start, networkPassphrase })
    },
    counters: () => ({ failovers, ...agreement.counters() }),
  }
}
