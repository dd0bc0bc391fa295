import type { Logger } from 'pino'
import { SourceError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'
import { createChainGuard } from './chain-guard.ts'
import type { Timers } from '../timers.ts'
import { createHealth } from './health.ts'
import type { EndpointHealth } from './health.ts'
import { createIdentity } from './identity.ts'
import type { Aside } from './identity.ts'
import { createConnectionWatch } from './connection-watch.ts'
import { createEndpointLedgers } from './ledgers.ts'
import type { EndpointLedgers } from './ledgers.ts'
import { createEndpointReport } from './report.ts'
import { createTrust } from './checks.ts'
import { createPageFetcher } from './page-fetcher.ts'
import { createRetentionEvidence } from './retention.ts'
import type { RetentionEvidence } from './retention.ts'
import type { LedgerRange } from '../../domain/ledger.ts'
import type { EndpointCounters, EndpointStatus } from '../../domain/upstream.ts'
import type {
  ChainMemory,
  LedgerEntries,
  LedgerHeader,
  LedgerPage,
  LedgerSource,
  PageStart,
} from '../../source/source.ts'
import type { Tips } from '../tips.ts'
import { watch } from '../watchdog.ts'

export interface EndpointDeps {
  /** Credentials redacted. */
  name: string
  source: LedgerSource
  networkPassphrase: string
  contractId: string
  /** For one call, after which it is given up. */
  callTimeoutMs: number
  log: Logger
  timers: Timers
  memory: ChainMemory
  /** There is no other endpoint. */
  isAlone: boolean
  /** Shared by all endpoints. */
  tips: Tips
}

/** One of several sources of the same ledgers, and what is known of it. Methods throw SourceError. */
export interface Endpoint {
  readonly name: string
  readonly health: EndpointHealth
  readonly ledgers: Pick<EndpointLedgers, 'lacks' | 'lags' | 'latest' | 'oldest'>
  /**
   * Makes sure that it is of our network and has the contract, where that is not known or not
   * known any more: for one `inUse`, once and after a lost connection.
   */
  identify(inUse: boolean, signal: AbortSignal): Promise<void>
  /** One that is not `inUse` has to show first that its chain is the log's. */
  page(start: PageStart, limit: number, inUse: boolean, signal: AbortSignal): Promise<LedgerPage>
  range(signal: AbortSignal): Promise<LedgerRange>
  ledger(sequence: number, signal: AbortSignal): Promise<LedgerHeader | undefined>
  entries(keys: readonly string[], signal: AbortSignal): Promise<LedgerEntries>
  /** Asks how it is, besides what it is asked anyway. Does not throw. */
  probe(signal: AbortSignal): Promise<void>
  /** Whether nothing has been heard of it for so long that it is time for a probe. */
  isProbeDue(): boolean
  /** What speaks against asking it for ledgers, if anything. */
  aside(): Aside | undefined
  /** Whether it has a say in what is lost: it has answered within the last hour. */
  isInService(): boolean
  /** What it has said of the ledgers that it has lost. */
  readonly evidence: Pick<RetentionEvidence, 'proves' | 'oldestAfter'>
  /** Milliseconds that a page may take before another endpoint is asked as well. */
  patienceMs(floorMs: number): number
  /** Something it did that is not the outcome of a call. */
  blame(error: SourceError): void
  /** Others say something else, and nobody knows who is right. */
  dispute(detail: string): void
  outrun(): void
  /** Its chain has to be checked before its next answer counts. */
  doubt(): void
  status(): EndpointStatus
  counters(): EndpointCounters
}

const PROBE_EVERY_MS = 10_000
/** One that may come back into use is asked more often. */
const PROBE_RETURNING_EVERY_MS = 3_500
const IN_SERVICE_MS = 3_600_000
/** One that has never answered has a say for so long after the start. */
const FIRST_ANSWER_MS = 60_000

export function createEndpoint(deps: EndpointDeps): Endpoint {
  const { name, source, callTimeoutMs, log, timers, memory, isAlone, tips } = deps
  const { now } = timers
  const health = createHealth(timers)
  const identity = createIdentity(deps)
  const chain = createChainGuard(source, memory)
  const ledgers = createEndpointLedgers(name, tips, now)
  const evidence = createRetentionEvidence()
  const report = createEndpointReport(name, log, isAlone)
  const createdAt = now()
  let answeredAt: number | undefined
  let contactAt = Number.NEGATIVE_INFINITY
  const connections = createConnectionWatch(now)
  const trust = createTrust({ source, chain, identity, timers, call })
  const pages = createPageFetcher({ source, chain, evidence, timers, call })

  async function call<T>(
    make: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    contactAt = now()
    try {
      return await watch(make, callTimeoutMs, signal, timers.after)
    } catch (error) {
      if (!signal.aborted && error instanceof SourceError) note(error)
      throw error
    } finally {
      noticeConnections()
    }
  }

  function noticeConnections(): void {
    if (connections.isDoubtful(source.connections?.() ?? 0)) chain.doubt()
  }

  function note(error: SourceError): void {
    const { cools, doubtsChain, doubtsNetwork } = REACTIONS[error.fault]
    const { range } = error
    const aside = identity.aside()
    if (aside !== undefined) tips.forget(name)
    report.failed(error, aside !== undefined)
    if (range !== undefined) {
      ledgers.see(range.oldest, { ledger: range.latest, closedAt: undefined }, false)
    }
    if (cools) health.fault(error)
    // It has answered: what was wrong was the question.
    else answeredAt = now()
    if (doubtsChain) chain.doubt()
    if (doubtsNetwork) identity.doubt()
  }

  function good(): void {
    report.answered()
    identity.answered()
    answeredAt = now()
    if (ledgers.lags()) health.doubt()
    else health.good()
  }

  async function askRange(signal: AbortSignal): Promise<LedgerRange> {
    const answer = await call((ending) => source.range(ending), signal)
    const { oldest, latest } = answer
    evidence.shows(oldest)
    ledgers.see(oldest, { ledger: latest, closedAt: undefined }, chain.isSure())
    return answer
  }

  /** An answer that is worth nothing if it is of another chain. */
  async function trusted<T>(
    make: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const answer = await call(make, signal)
    await trust.checkChain(signal)
    good()
    return answer
  }

  return {
    name,
    health,
    ledgers,
    evidence,
    async identify(inUse, signal) {
      if (!identity.isKnown(inUse)) await trust.identify(signal)
    },

    async page(start, limit, inUse, signal) {
      if (!inUse) chain.doubt()
      try {
        const page = await pages.fetch(start, limit, signal)
        report.count('pages')
        ledgers.see(page.oldest?.ledger, page.tip, true)
        good()
        return page
      } catch (error) {
        if (!(error instanceof SourceError) || signal.aborted) throw error
        if (error.fault === 'behind') ledgers.wasBehind(start)
        const isOutside = error.fault === 'behind' || REACTIONS[error.fault].countsTowardsGap
        throw isOutside ? await trust.explained(error, signal) : error
      }
    },

    async range(signal) {
      const range = await askRange(signal)
      good()
      return range
    },
    ledger: (sequence, signal) => trusted((ending) => source.ledger(sequence, ending), signal),
    entries: (keys, signal) => trusted((ending) => source.entries(keys, ending), signal),

    async probe(signal) {
      try {
        // Done ahead for one that is about to be returned to, so that no page waits for it.
        const isReturning = !health.isTrusted() && !identity.isKnown(false)
        if (isReturning || !identity.isKnown(true)) await trust.identify(signal)
        await trust.checkChain(signal)
        await askRange(signal)
        good()
      } catch (error) {
        if (!signal.aborted && !(error instanceof SourceError)) throw error
      } finally {
        report.count('probes')
      }
    },

    isProbeDue() {
      const isReturning = !health.isTrusted() || identity.aside() !== undefined
      const everyMs = isReturning ? PROBE_RETURNING_EVERY_MS : PROBE_EVERY_MS
      if (now() - contactAt < everyMs || health.coolingMs() > 0) return false
      return identity.aside()?.isDue ?? true
    },

    aside: identity.aside,
    isInService() {
      if (identity.aside() !== undefined) return false
      if (answeredAt === undefined) return now() - createdAt < FIRST_ANSWER_MS
      return now() - answeredAt < IN_SERVICE_MS
    },
    patienceMs: pages.patienceMs,
    blame: (error) => note(error),
    dispute: report.disputed,
    doubt: chain.doubt,
    outrun() {
      report.count('outrun')
      health.doubt()
    },
    status() {
      const { state, lastError } = report.state()
      return {
        url: name,
        state: identity.aside() === undefined ? state : 'set_aside',
        latestLedger: ledgers.latest(),
        oldestLedger: ledgers.oldest(),
        lastError,
      }
    },
    counters: report.counters,
  }
}
