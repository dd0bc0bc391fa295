import type { Logger } from 'pino'
import { SourceError } from '../domain/errors.ts'
import type { EndpointStatus, SourceCounters } from '../domain/upstream.ts'
import { createBelief } from './agreement.ts'
import { createEndpoint } from './endpoint/endpoint.ts'
import type { Endpoint } from './endpoint/endpoint.ts'
import { allFailed } from './all-failed.ts'
import { createQuestions } from './lookups.ts'
import { createProbes } from './probes.ts'
import { race } from './race.ts'
import { createRanking } from './ranking.ts'
import type { ChainMemory, LedgerPage, LedgerSource, PageStart } from '../source/source.ts'
import { createTimers } from './timers.ts'
import type { Timers } from './timers.ts'
import { createTips } from './tips.ts'

/**
 * Several endpoints, in order of preference, as one source. Ledgers are final, so any endpoint of
 * the network may answer any call; what differs is which ones answer at all, how fast, and how far
 * back and forth their ledgers go.
 *
 * - Who is asked is in ranking.ts: the first in good standing; when it fails, or is slower than
 *   usual, the next one in the same call. Probes beside the pages find out when the preferred one
 *   is good again.
 * - What is believed is in belief.ts, and whether an endpoint has the log's chain in chain-guard.ts.
 * - A page is handed on with its own tip, although others may have come further: a caller that
 *   pages until the tip would ask without rest for ledgers that the endpoint does not have. An
 *   endpoint that falls too far behind the others loses its place instead.
 * - `outside_retention` is thrown only when every endpoint in service says it (all-failed.ts),
 *   and `refused` only when every one refuses.
 */
export interface FailoverSource extends LedgerSource {
  /** In order of preference. */
  endpoints(): EndpointStatus[]
  counters(): SourceCounters
  /** Ends what runs beside the calls. */
  close(): Promise<void>
}

export interface FailoverOptions extends Partial<ChainMemory>, Partial<Timers> {
  /** In order of preference; names have their credentials redacted. */
  endpoints: readonly { name: string; source: LedgerSource }[]
  networkPassphrase: string
  contractId: string
  /** Endpoints that have to answer a page alike. */
  agreement?: 1 | 2
  log: Logger
  /** For one call to one endpoint, however it tries: longer than the source's own time-outs. */
  callTimeoutMs: number
  /** The least time a page has before another endpoint is asked as well. */
  patienceMs?: number
}

const PATIENCE_MS = 2_000

export function createFailoverSource(options: FailoverOptions): FailoverSource {
  const { networkPassphrase, contractId, agreement = 1, log, callTimeoutMs } = options
  const timers = createTimers(options)
  const { now, after } = timers
  const { anchors = () => [], checkpoint = () => undefined, patienceMs = PATIENCE_MS } = options
  let memory: ChainMemory = { anchors, checkpoint }
  const tips = createTips()
  const endpoints = options.endpoints.map(({ name, source }) =>
    createEndpoint({
      name,
      source,
      networkPassphrase,
      contractId,
      callTimeoutMs,
      log,
      timers,
      memory: { anchors: () => memory.anchors(), checkpoint: () => memory.checkpoint() },
      isAlone: options.endpoints.length === 1,
      tips,
    }),
  )
  const ranking = createRanking(endpoints)
  const belief = createBelief(agreement, log)
  const probes = createProbes(endpoints, isInUse, timers)
  let failovers = 0

  /** Asked anyway. */
  function isInUse(endpoint: Endpoint): boolean {
    const serving = ranking.serving()
    return (serving.length > 0 ? serving : ranking.ranked().slice(0, agreement)).includes(endpoint)
  }

  const isServing = (endpoint: Endpoint) => ranking.serving().includes(endpoint)

  const { identified, ...questions } = createQuestions({
    endpoints,
    ranking,
    agreement,
    networkPassphrase,
    patienceMs,
    callTimeoutMs,
    timers,
    log,
    began: probes.start,
  })

  /** A page that moves the log on, or shows that there is nothing more. */
  async function usefulPage(
    endpoint: Endpoint,
    start: PageStart,
    limit: number,
    signal: AbortSignal,
  ): Promise<LedgerPage> {
    await identified(endpoint, signal)
    const page = await endpoint.page(start, limit, isServing(endpoint), signal)
    const isIdle = 'after' in start && page.cursor === start.after
    if (!isIdle || !endpoint.ledgers.lags()) return page
    const latest = page.tip.ledger
    const detail = `it has only come to ledger ${latest}, and another RPC to ${tips.best(now())}`
    const range = { oldest: page.oldest?.ledger ?? latest, latest }
    throw new SourceError('behind', detail, { range })
  }

  function serve(agreeing: readonly Endpoint[]): void {
    const serving = ranking.serving()
    if (serving.length > 0 && agreeing.some((endpoint) => !serving.includes(endpoint))) {
      failovers += 1
      log.info(
        { from: names(serving), to: names(agreeing) },
        'failover: pages come from another RPC',
      )
    }
    ranking.serve(agreeing)
  }

  return {
    ...questions,

    async page(start, limit, signal) {
      probes.start()
      const { decided, answers, failures } = await race<Endpoint, LedgerPage, LedgerPage>(
        {
          width: agreement,
          next: ranking.createQueue(agreement, start),
          ask: (endpoint, ending) => usefulPage(endpoint, start, limit, ending),
          patienceMs: (endpoint) => endpoint.patienceMs(patienceMs),
          decide: belief.decide,
          outrun: (endpoint) => endpoint.outrun(),
          after,
        },
        signal,
      )
      if (decided !== undefined) {
        serve(belief.settle(decided, answers))
        return decided
      }
      if (answers.length > 1) throw belief.dispute(start, answers)
      const answered = answers.map(({ from }) => from)
      throw allFailed({ endpoints, failures, agreement, answered, start, networkPassphrase })
    },

    compareWith(chain) {
      memory = chain
      for (const endpoint of endpoints) endpoint.doubt()
    },
    endpoints: () => endpoints.map((endpoint) => endpoint.status()),
    counters: () => ({
      failovers,
      ...belief.counters(),
      endpoints: endpoints.map((endpoint) => endpoint.counters()),
    }),
    close: probes.close,
  }
}

function names(endpoints: readonly Endpoint[]): string {
  return endpoints.map(({ name }) => name).join(', ')
}
