import type { Logger } from 'pino'
import { SourceError } from '../domain/errors.ts'
import { difference, sealed } from './agreement.ts'
import { createEndpoint } from './endpoint.ts'
import type { Endpoint, EndpointCounters, EndpointStatus } from './endpoint.ts'
import { allFailed } from './failover-faults.ts'
import { race } from './race.ts'
import type { Answer, Failure, Outcome } from './race.ts'
import type { LedgerPage, LedgerRange, LedgerSource, PageStart } from './source.ts'

/**
 * Several endpoints, in order of preference, as one source. Ledgers are final, so any endpoint of
 * the network may answer any call; what differs is who answers at all, how fast, and how far back
 * and forth its ledgers go.
 *
 * - The first that is in good standing is asked; one that fails or is slower than usual has the
 *   next one asked in the same call. The preferred one is returned to once it has been good for a
 *   while, which probes find out beside the pages.
 * - A page is obeyed for its events and its cursor, never for its tip: a lower tip than before is a
 *   matter of that endpoint. It is handed on as it is all the same, and not raised to what others
 *   said: whoever pages until the tip would ask without rest for ledgers that the endpoint does not
 *   have. An endpoint that falls too far behind the others loses its place instead.
 * - `outside_retention` is thrown only when every endpoint says it, `refused` by `network` when
 *   every endpoint is of another network.
 * - With `agreement: 2` a page is what two endpoints agree on, as far as both have come. Where they
 *   do not, others are asked for a second opinion, and without one the page fails.
 */
export interface FailoverSource extends LedgerSource {
  /** In order of preference. */
  endpoints(): EndpointStatus[]
  counters(): FailoverCounters
  /** Ends what runs beside the calls. */
  close(): Promise<void>
}

/** Totals since the start. */
export interface FailoverCounters {
  /** Times that pages came to be from another endpoint than before. */
  failovers: number
  /** Pages on which endpoints did not agree. */
  disagreements: number
  /** What endpoints do not agree on now, while the checkpoint is held for it; else null. */
  disagreement: string | null
  endpoints: EndpointCounters[]
}

export interface FailoverOptions {
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
  /** Milliseconds of a clock that never goes back. */
  now?: () => number
  random?: () => number
}

const PATIENCE_MS = 2_000
/** Ledgers that an endpoint may be behind the best one and keep its place. */
const MAX_TIP_LAG = 10

type PageAnswer = Answer<Endpoint, LedgerPage>

export function createFailoverSource(options: FailoverOptions): FailoverSource {
  const { networkPassphrase, contractId, agreement = 1, log, callTimeoutMs } = options
  const { patienceMs = PATIENCE_MS, now = () => performance.now(), random = Math.random } = options
  const endpoints = options.endpoints.map(({ name, source }) =>
    createEndpoint({
      name,
      source,
      networkPassphrase,
      contractId,
      callTimeoutMs,
      log,
      clock: { now, random },
      lags: (latestLedger) => bestTip() - latestLedger > MAX_TIP_LAG,
    }),
  )
  /** Who the last page is from. */
  let serving: readonly Endpoint[] = []
  let disagreement: string | null = null
  const totals = { failovers: 0, disagreements: 0 }
  const closing = new AbortController()
  const probes = new Set<Promise<void>>()

  function bestTip(): number {
    return Math.max(...endpoints.map((endpoint) => endpoint.latestLedger() ?? 0))
  }

  /** Best first; those set aside are left out, unless there is no other and `mayTry` one. */
  function ranked(start: PageStart | undefined, mayTry = isDue): Endpoint[] {
    const usable = endpoints.filter((endpoint) => endpoint.aside() === undefined)
    if (usable.length === 0) return endpoints.filter(mayTry)
    const lacks = (endpoint: Endpoint) => start !== undefined && endpoint.lacks(start)
    const rank = (endpoint: Endpoint) =>
      (lacks(endpoint) ? 4 : 0) +
      (endpoint.health.isTrusted() ? 0 : serving.includes(endpoint) ? 1 : 2)
    return usable.toSorted((a, b) => rank(a) - rank(b))
  }

  /**
   * Who is asked next in one call. Endpoints that cool down are passed over as long as others may
   * still give the answers `needed`; without these, the one that has cooled down most is asked.
   */
  function createQueue(
    needed: number,
    start?: PageStart,
    mayTry?: (endpoint: Endpoint) => boolean,
  ) {
    const asked = new Set<Endpoint>()
    let early = 0
    return (hopes: number): Endpoint | undefined => {
      const left = ranked(start, mayTry).filter((endpoint) => !asked.has(endpoint))
      let next = left.find(({ health }) => health.coolingMs() === 0)
      if (next === undefined && hopes < needed && early < needed) {
        early += 1
        next = left.toSorted((a, b) => a.health.coolingMs() - b.health.coolingMs())[0]
      }
      if (next !== undefined) asked.add(next)
      return next
    }
  }

  async function identified(endpoint: Endpoint, signal: AbortSignal): Promise<Endpoint> {
    await endpoint.identify(serving.includes(endpoint), signal)
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
    return race(
      {
        width: 1,
        next: createQueue(1, undefined, isDueOrOurs),
        ask: make,
        patienceMs: () => patienceMs,
        decide: (answers) =>
          answers.map(({ answer }) => usable(answer)).find((answer) => answer !== undefined),
        outrun: () => {},
      },
      signal,
    )
  }

  /** In the background of the pages, so that standing and tips of the others are known. */
  function probeOthers(start: PageStart): void {
    const busy = ranked(start).slice(0, agreement)
    for (const endpoint of endpoints) {
      if (busy.includes(endpoint) || serving.includes(endpoint) || !endpoint.isProbeDue()) continue
      const probe = endpoint.probe(closing.signal).finally(() => probes.delete(probe))
      probes.add(probe)
    }
  }

  function decide(answers: readonly PageAnswer[]): LedgerPage | undefined {
    const last = answers.at(-1)?.answer
    if (last === undefined || agreement === 1) return last
    const alike = answers
      .slice(0, -1)
      .find(({ answer }) => difference(answer, last) === undefined)?.answer
    return alike && sealed(alike, last)
  }

  function settle(page: LedgerPage, answers: readonly PageAnswer[]): void {
    const agreeing: Endpoint[] = []
    for (const { from, answer } of answers) {
      const sides = agreement === 1 ? undefined : difference(answer, page)
      if (sides === undefined) agreeing.push(from)
      else {
        totals.disagreements += 1
        const detail = `${idOf(sides.ours)} where others have ${idOf(sides.theirs)}`
        log.error({ endpoint: from.name, detail }, 'an RPC disagrees with two others')
        from.blame(new SourceError('unknown', `disagrees with two others: ${detail}`))
      }
    }
    const fresh = agreeing.filter((endpoint) => !serving.includes(endpoint))
    if (serving.length > 0 && fresh.length > 0) {
      totals.failovers += 1
      log.info({ from: names(serving), to: names(agreeing) }, 'pages come from another RPC')
    }
    serving = agreeing
    disagreement = null
  }

  /** Nobody can tell who is right, so all of them are shown, and asked again. */
  function dispute(start: PageStart, answers: readonly PageAnswer[]): SourceError {
    const [{ from: a, answer: ofA }, { from: b, answer: ofB }] = answers as readonly [
      PageAnswer,
      PageAnswer,
    ]
    const { ours, theirs } = difference(ofA, ofB) ?? { ours: undefined, theirs: undefined }
    const where = 'after' in start ? `after ${start.after}` : `from ledger ${start.startLedger}`
    const detail = `endpoints disagree ${where}: ${a.name} has ${idOf(ours)}, ${b.name} has ${idOf(theirs)}`
    for (const { from } of answers) from.dispute(detail)
    totals.disagreements += 1
    if (disagreement === null) log.error({ detail }, 'RPCs disagree: the checkpoint is held')
    disagreement = detail
    return new SourceError('unknown', detail)
  }

  function failed(
    failures: readonly Failure<Endpoint>[],
    answers: readonly PageAnswer[] = [],
  ): SourceError {
    const answered = answers.map(({ from }) => from)
    return allFailed({ endpoints, failures, answered, networkPassphrase })
  }

  return {
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

    /** What the endpoints have between them; one that is slower than the others is not waited for. */
    async range(signal) {
      const { promise: over, reject } = Promise.withResolvers<never>()
      let timer: NodeJS.Timeout | undefined
      const { answers, failures } = await race<Endpoint, LedgerRange, never>(
        {
          width: endpoints.length,
          next: createQueue(1, undefined, isDueOrOurs),
          async ask(endpoint, ending) {
            const range = located(endpoint, ending).then((each) => each.range(ending))
            const answer = await Promise.race([range, over])
            timer ??= setTimeout(() => {
              reject(new SourceError('timeout', 'it is slower than the others'))
            }, patienceMs).unref()
            return answer
          },
          patienceMs: () => callTimeoutMs,
          decide: () => undefined,
          outrun: () => {},
        },
        signal,
      ).finally(() => clearTimeout(timer))
      if (answers.length === 0) throw failed(failures)
      return {
        oldestLedger: Math.min(...answers.map(({ answer }) => answer.oldestLedger)),
        latestLedger: Math.max(...answers.map(({ answer }) => answer.latestLedger)),
      }
    },

    extent(signal) {
      return this.range(signal)
    },

    async page(start, limit, signal) {
      probeOthers(start)
      const outcome = await race<Endpoint, LedgerPage, LedgerPage>(
        {
          width: agreement,
          next: createQueue(agreement, start),
          ask: async (endpoint, ending) =>
            (await identified(endpoint, ending)).page(start, limit, ending),
          patienceMs: (endpoint) => endpoint.patienceMs(patienceMs),
          decide,
          outrun: (endpoint) => endpoint.outrun(),
        },
        signal,
      )
      if (outcome.decided !== undefined) {
        settle(outcome.decided, outcome.answers)
        return outcome.decided
      }
      if (outcome.answers.length > 1) throw dispute(start, outcome.answers)
      throw failed(outcome.failures, outcome.answers)
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

    endpoints: () => endpoints.map((endpoint) => endpoint.status()),
    counters: () => ({
      ...totals,
      disagreement,
      endpoints: endpoints.map((endpoint) => endpoint.counters()),
    }),
    async close() {
      closing.abort(new Error('the source is closing'))
      await Promise.allSettled(probes)
    },
  }
}

function isDue(endpoint: Endpoint): boolean {
  return endpoint.aside()?.isDue ?? false
}

/** Whether it may be tried, where there is no other, for what is not about the contract. */
function isDueOrOurs(endpoint: Endpoint): boolean {
  return isDue(endpoint) || isOurs(endpoint)
}

/** Of our network, though it lacks the contract. */
function isOurs(endpoint: Endpoint): boolean {
  const aside = endpoint.aside()
  return aside !== undefined && aside.passphrase === undefined
}

function idOf(event: { id: string } | undefined): string {
  return event?.id ?? 'no event'
}

function names(endpoints: readonly Endpoint[]): string {
  return endpoints.map(({ name }) => name).join(', ')
}
