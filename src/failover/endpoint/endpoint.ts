import type { Logger } from 'pino'
import { SourceError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'
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
import type { Timers } from '../timers.ts'
import type { Tips } from '../tips.ts'
import { createCalls } from './calls.ts'
import { createChainGuard } from './chain-guard.ts'
import { createChecks } from './checks.ts'
import { createContact } from './contact.ts'
import { createHealth } from './health.ts'
import type { EndpointHealth } from './health.ts'
import { createIdentity } from './identity.ts'
import type { Aside } from './identity.ts'
import { createEndpointLedgers } from './ledgers.ts'
import type { EndpointLedgers } from './ledgers.ts'
import { createPageFetcher } from './page-fetcher.ts'
import { createProbe } from './probe.ts'
import { createEndpointReport } from './report.ts'
import { createRetentionEvidence } from './retention.ts'
import type { RetentionEvidence } from './retention.ts'

export interface EndpointDeps {
  /** Credentials redacted. */
  name: string
  source: LedgerSource
  networkPassphrase: string
  contractId: string
  /** Limit of one call. */
  callTimeoutMs: number
  log: Logger
  timers: Timers
  memory: ChainMemory
  /** There is no other endpoint. */
  isAlone: boolean
  /** Shared by all endpoints. */
  tips: Tips
}

/**
 * One endpoint: its calls, and what is known about it. Its methods throw SourceError.
 *
 * - calls.ts             one call, and what its outcome says about the endpoint
 * - checks.ts            calls that check whether answers may be used
 * - identity.ts          whether it serves our network and contract
 * - chain-guard.ts       whether it has the log's chain; connection-watch.ts
 * - page-fetcher.ts      pages: their chain, and new connections for lost ledgers
 * - page-call.ts         one call for a page; page-limit.ts for its size
 * - probe.ts             calls while it is not in use
 * - health.ts            how well it answers
 * - contact.ts           when it was last asked, and last answered
 * - ledgers.ts           which ledgers it has
 * - retention.ts         evidence that it has lost ledgers
 * - report.ts            what operators see of it
 */
export interface Endpoint {
  readonly name: string
  readonly health: EndpointHealth
  readonly ledgers: Pick<EndpointLedgers, 'lacks' | 'lags' | 'latest' | 'oldest'>
  /** Evidence that it has lost ledgers. */
  readonly evidence: Pick<RetentionEvidence, 'proves' | 'oldestAfter'>
  /** Checks its network and contract, unless a recent check still counts. */
  identify(isServing: boolean, signal: AbortSignal): Promise<void>
  /** Unless it `isServing`, its chain is checked before the page is returned. */
  page(request: PageRequest, signal: AbortSignal): Promise<LedgerPage>
  range(signal: AbortSignal): Promise<LedgerRange>
  ledger(sequence: number, signal: AbortSignal): Promise<LedgerHeader | undefined>
  entries(keys: readonly string[], signal: AbortSignal): Promise<LedgerEntries>
  /** Checks how it is, though no caller needs it now. Throws no SourceError. */
  probe(signal: AbortSignal): Promise<void>
  isProbeDue(): boolean
  /** Why it is set aside, if it is. */
  aside(): Aside | undefined
  /** Whether it has a vote on which ledgers are lost (promise P3). */
  isInService(): boolean
  /** Milliseconds that a page may take until another endpoint is asked as well. */
  patienceMs(floorMs: number): number
  /** Records a fault that is not the outcome of a call. */
  blame(error: SourceError): void
  /** Another endpoint gave a different answer, and it is not known who is right. */
  dispute(detail: string): void
  /** Another endpoint was asked later and answered first. */
  overtaken(): void
  /** Its chain must be checked before its next answer counts. */
  doubt(): void
  status(): EndpointStatus
  counters(): EndpointCounters
}

export interface PageRequest {
  start: PageStart
  limit: number
  /** The last page came from this endpoint. */
  isServing: boolean
}

export function createEndpoint(deps: EndpointDeps): Endpoint {
  const { name, source, timers, memory } = deps
  const { now } = timers
  const health = createHealth(timers)
  const identity = createIdentity(deps)
  const chain = createChainGuard(source, memory)
  const ledgers = createEndpointLedgers({ ...deps, now })
  const evidence = createRetentionEvidence()
  const report = createEndpointReport(deps)
  const contact = createContact(now)
  const known = { health, identity, chain, ledgers, report, contact }
  const { call, succeeded, failed } = createCalls({ ...deps, ...known })
  const checks = createChecks({ source, chain, identity, timers, call })
  const pages = createPageFetcher({ source, chain, evidence, timers, call })
  const probe = createProbe({ ...known, checks, succeeded, askRange })

  async function askRange(signal: AbortSignal): Promise<LedgerRange> {
    const range = await call((ending) => source.range(ending), signal)
    evidence.ledgerShown(range.oldest)
    const tip = { ledger: range.latest, closedAt: undefined }
    ledgers.see({ oldest: range.oldest, tip, hasOurChain: chain.isSure() })
    return range
  }

  /** For answers that are worth nothing if they are of another chain. */
  async function checked<T>(
    make: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const answer = await call(make, signal)
    await checks.checkChain(signal)
    succeeded()
    return answer
  }

  return {
    name,
    health,
    ledgers,
    evidence,
    async identify(isServing, signal) {
      if (!identity.isKnown(isServing)) await checks.identify(signal)
    },

    async page({ start, limit, isServing }, signal) {
      if (!isServing) chain.doubt()
      try {
        const page = await pages.fetch(start, limit, signal)
        report.count('pages')
        ledgers.see({ oldest: page.oldest?.ledger, tip: page.tip, hasOurChain: true })
        succeeded()
        return page
      } catch (error) {
        if (!(error instanceof SourceError) || signal.aborted) throw error
        if (error.fault === 'behind') ledgers.wasBehind(start)
        const isOutOfRange = error.fault === 'behind' || REACTIONS[error.fault].countsTowardsGap
        throw isOutOfRange ? await checks.explain(error, signal) : error
      }
    },

    async range(signal) {
      const range = await askRange(signal)
      succeeded()
      return range
    },
    ledger: (sequence, signal) => checked((ending) => source.ledger(sequence, ending), signal),
    entries: (keys, signal) => checked((ending) => source.entries(keys, ending), signal),
    probe: probe.run,
    isProbeDue: probe.isDue,
    aside: identity.aside,
    isInService: () => identity.aside() === undefined && contact.isRecent(),
    patienceMs: pages.patienceMs,
    blame: failed,
    dispute: report.disputed,
    doubt: chain.doubt,
    overtaken() {
      report.count('overtaken')
      health.distrust()
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
