/**
 * Ingestion reads pages of events from the ledger source and stores them. One step goes from the
 * checkpoint to the tip. This file runs steps; between two steps it waits, recovers from a failure
 * or fills gaps.
 *
 * - step.ts            the step: pages, one transaction, the checkpoint moves
 * - pages.ts           the pages from the checkpoint to the tip
 * - start.ts           where a new log begins
 * - batch.ts           pages that share a transaction
 * - pace.ts            when to poll at the tip
 * - tip.ts             which tip to believe
 * - recovery.ts        what to do after a failed step
 * - verdict.ts         what a failure means
 * - gap.ts             declares lost ledgers as a gap
 * - heal.ts            fills open gaps later, if an RPC has the ledgers
 * - fill.ts            fills everything that is missing, for the command `sync`
 * - blocks.ts          blocks of ledgers, for heal.ts and fill.ts
 * - history.ts         hashes that show whether the network has started over
 * - source-monitor.ts  the status of the source
 * - runway.ts          warns before the RPC drops ledgers that are not indexed yet
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logger } from 'pino'
import { realClock } from '../domain/clock.ts'
import type { Clock } from '../domain/clock.ts'
import { UsageError } from '../domain/errors.ts'
import type { Decode } from '../domain/event.ts'
import type { Fault } from '../domain/faults.ts'
import { requireNetwork } from '../source/network.ts'
import type { LedgerPage, LedgerSource } from '../source/source.ts'
import type { Coverage, Identity } from '../store/read/coverage.ts'
import type { SharedWriter } from '../store/write/writer.ts'
import { BATCH_LIMITS } from './batch.ts'
import type { BatchLimits } from './batch.ts'
import { createHealer } from './heal.ts'
import { rememberedChain } from './history.ts'
import { createPace } from './pace.ts'
import { createPageReader, hasLedgers } from './pages.ts'
import type { FetchedPage } from './pages.ts'
import { createRecovery } from './recovery.ts'
import { createSourceMonitor } from './source-monitor.ts'
import type { SourceStatus } from './source-monitor.ts'
import type { StartLedger } from './start.ts'
import { createStep } from './step.ts'
import type { OnPage } from './step.ts'
import { withBelievedTip } from './tip.ts'

export interface IngestDeps extends Partial<Clock> {
  source: LedgerSource
  coverage: Coverage
  writer: SharedWriter
  decode: Decode
  startLedger: StartLedger
  /** The network and contract of the log: its first page binds a new file to them. */
  identity: Identity
  log: Logger
  /** Called after each commit that changed the log. */
  onApplied(): void
  /** Called with what is worth counting. */
  observe?: { applied(seconds: number): void; fault(fault: Fault): void }
  pageSize?: number
  /** Called when a page has arrived. It may have to wait for others before it is stored. */
  onFetched?(page: LedgerPage): void
  /** How much one transaction may hold. */
  limits?: BatchLimits
  random?: () => number
}

export interface Ingest {
  /** Runs until `signal` aborts. Rejects only if a promise of this program is broken. */
  run(signal: AbortSignal): Promise<void>
  /** Runs until the tip is reached. Throws UsageError if the source refuses. */
  catchUp(onPage: OnPage, signal: AbortSignal): Promise<void>
  status(): SourceStatus
}

const NOT_OBSERVED = { applied() {}, fault() {} }

export function createIngest(deps: IngestDeps): Ingest {
  const { coverage, identity, log, observe = NOT_OBSERVED, limits = BATCH_LIMITS } = deps
  const { now = realClock.now, sleep = realClock.sleep, random = Math.random } = deps
  let isNetworkConfirmed = false
  const source = withBelievedTip(deps.source, coverage)
  const pace = createPace()
  const monitor = createSourceMonitor(now)
  const healer = createHealer({ ...deps, now })
  const pages = createPageReader({ ...deps, source, now, onFetched })
  const parts = { ...deps, source, pages, pace, monitor, now, sleep, random, limits }
  const step = createStep({ ...parts, onCommitted: (seconds) => observe.applied(seconds) })
  const recover = createRecovery({
    ...parts,
    isNetworkConfirmed: () => isNetworkConfirmed,
    onFault: (fault) => observe.fault(fault),
  })
  source.compareWith?.(rememberedChain(coverage))

  function onFetched(fetched: FetchedPage): void {
    const { page } = fetched
    const failures = monitor.failures()
    if (failures > 0) log.info({ failures }, 'source answers again')
    monitor.answered(page)
    healer.sawOldest(page.oldest?.ledger)
    pace.observe(now(), { tipLedger: page.tip.ledger, broughtLedgers: hasLedgers(fetched) })
    deps.onFetched?.(page)
  }

  async function confirmNetwork(signal: AbortSignal): Promise<void> {
    if (isNetworkConfirmed) return
    await requireNetwork(source, identity.networkPassphrase, signal)
    isNetworkConfirmed = true
  }

  /** One step; false if it failed. */
  async function attempt(onPage: OnPage, signal: AbortSignal): Promise<boolean> {
    try {
      await confirmNetwork(signal)
      await step(onPage, signal)
      return true
    } catch (error) {
      if (!signal.aborted) await recover(error, signal)
      return false
    }
  }

  /** Waits for the next poll. Open gaps are filled meanwhile. */
  async function rest(signal: AbortSignal): Promise<void> {
    const nextPoll = now() + pace.delay(now())
    while (now() < nextPoll && (await healer.fillNext(signal))) await nextTurn()
    await sleep(Math.max(0, nextPoll - now()), signal)
  }

  return {
    async run(signal) {
      while (!signal.aborted) if (await attempt(() => {}, signal)) await rest(signal)
    },
    async catchUp(onPage, signal) {
      while (!signal.aborted) {
        if (await attempt(onPage, signal)) return
        // A command should fail rather than wait for an RPC to change its mind.
        const cause = monitor.lastFailure()
        if (cause?.fault === 'refused' && !monitor.hasAnswered()) {
          throw new UsageError(cause.message, { cause })
        }
      }
    },
    status: monitor.status,
  }
}
