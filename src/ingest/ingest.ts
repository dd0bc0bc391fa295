import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logger } from 'pino'
import { realClock } from '../domain/clock.ts'
import type { Clock } from '../domain/clock.ts'
import { completeThrough } from '../domain/cursor.ts'
import { SourceError, UsageError } from '../domain/errors.ts'
import { REACTIONS } from '../domain/faults.ts'
import type { Fault } from '../domain/faults.ts'
import { backoff } from '../source/backoff.ts'
import type { LedgerPage, PageStart } from '../source/source.ts'
import { BATCH_LIMITS, createBatch } from './batch.ts'
import type { Batch, BatchLimits } from './batch.ts'
import { declareLost } from './gap.ts'
import { createHealer } from './heal.ts'
import { rememberedChain, rememberHash } from './history.ts'
import { createPace } from './pace.ts'
import { createRunwayWatch } from './runway.ts'
import { createStanding } from './source-monitor.ts'
import type { SourceStatus } from './source-monitor.ts'
import { applyPage, hasMore, lag, movedOn, nextStart } from './step.ts'
import type { TickDeps } from './step.ts'
import { createTipJudge } from './tip.ts'
import { verdict } from './verdict.ts'

export interface IngestDeps extends TickDeps, Partial<Clock> {
  log: Logger
  /** After every commit that moved the log. */
  onApplied(): void
  /** Told what is worth counting. */
  observe?: { applied(seconds: number): void; fault(fault: Fault): void }
  pageSize?: number
  /** After each page, which may wait for others before it is stored. */
  onFetched?(page: LedgerPage): void
  /** What one transaction may hold. */
  limits?: BatchLimits
  random?: () => number
}

/** Told after each commit what the page brought. */
export type OnPage = (page: LedgerPage, accepted: number) => void

export interface Ingest {
  /** Runs until `signal` aborts; rejects only when a promise of our own is broken. */
  run(signal: AbortSignal): Promise<void>
  /** Runs until the tip that was seen first is reached. Throws UsageError when the source refuses. */
  catchUp(signal: AbortSignal, onPage: OnPage): Promise<void>
  status(): SourceStatus
}

/** Events asked for at once: large enough for a backlog, small enough to be seen soon. */
const PAGE_SIZE = 2_000
const SMALLEST_PAGE = 50
/** Added after each page that came; halved after one that was too much. */
const PAGE_GROWTH = 20
const BEGINNING_HOLDS_MS = 30_000
export function createIngest(deps: IngestDeps): Ingest {
  const { source, coverage, identity, log, onApplied, observe } = deps
  const { pageSize: largestPage = PAGE_SIZE, random = Math.random } = deps
  const { now = realClock.now, sleep = realClock.sleep, limits = BATCH_LIMITS } = deps
  const pace = createPace()
  const standing = createStanding(now)
  const judgeTip = createTipJudge(lastKnownTip(deps))
  const healer = createHealer({ ...deps, now })
  const watchRunway = createRunwayWatch(log)
  source.compareWith?.(rememberedChain(coverage))
  let pageSize = largestPage
  let isNetworkConfirmed = false
  let beginning: { start: PageStart; until: number } | undefined

  /**
   * The step of ingestion, again and again until the tip is reached: pages, one transaction, the
   * next page, which is on its way meanwhile. At the tip a transaction holds one page.
   */
  async function drain(signal: AbortSignal, onPage: OnPage): Promise<void> {
    await confirmNetwork(signal)
    const batch = createBatch(limits, now)
    try {
      let start = await startOfPages(signal)
      let page = await fetchPage(start, signal)
      batch.add(start, page)
      while (hasMore(start, page)) {
        start = { after: page.cursor }
        const next = fetchPage(start, signal)
        // Settled before it is awaited, it would count as unhandled.
        next.catch(() => {})
        if (batch.isDue(now())) {
          commit(batch, onPage)
          // Not only at the tip: a first catch-up is long, and its chain is in doubt after a fault.
          if (coverage.hashes().length === 0) await remember(signal)
        }
        await nextTurn()
        page = await next
        batch.add(start, page)
      }
    } finally {
      // A source that fails every few pages must not keep the log from moving on.
      if (!signal.aborted) commit(batch, onPage)
    }
    await remember(signal)
  }

  /**
   * Where a new log begins is asked of every RPC. The answer holds over a few faults: a server that
   * drops every third call would otherwise never get from that question to the page.
   */
  async function startOfPages(signal: AbortSignal): Promise<PageStart> {
    if (coverage.checkpoint() !== undefined) return nextStart(deps, signal)
    if (beginning === undefined || now() > beginning.until) {
      beginning = { start: await nextStart(deps, signal), until: now() + BEGINNING_HOLDS_MS }
    }
    return beginning.start
  }

  async function fetchPage(start: PageStart, signal: AbortSignal): Promise<LedgerPage> {
    const page = believed(await source.page(start, pageSize, signal))
    if (standing.failures() > 0) log.info({ failures: standing.failures() }, 'source answers again')
    standing.answered(page.tip, page.oldest)
    healer.sawOldest(page.oldest?.ledger)
    pace.observe(page.tip.ledger, now(), movedOn(start, page))
    deps.onFetched?.(page)
    // Back up slowly: a size that was too much a moment ago may be the server's limit.
    pageSize = Math.min(pageSize + PAGE_GROWTH, largestPage)
    return page
  }

  /** The page, with the tip that is believed. */
  function believed(page: LedgerPage): LedgerPage {
    return { ...page, tip: judgeTip(page) }
  }

  /** Pages become transactions here. */
  function commit(batch: Batch, onPage: OnPage): void {
    const due = batch.take()
    if (due === undefined) return
    const { start, page } = due
    const began = now()
    const { accepted, moved } = applyPage(deps, start, page)
    const elapsedMs = now() - began
    observe?.applied(elapsedMs / 1_000)
    watchRunway(completeThrough(page.cursor), page.tip, page.oldest)
    const ledger = completeThrough(page.cursor)
    const lagLedgers = lag(page.cursor, page.tip.ledger)
    const fields = { ledger, accepted, lagLedgers, elapsedMs: Math.round(elapsedMs) }
    if (accepted > 0) log.info(fields, 'applied')
    else log.debug(fields, 'applied')
    if (moved || accepted > 0) onApplied()
    onPage(page, accepted)
  }

  async function attempt(signal: AbortSignal, onPage: OnPage = () => {}): Promise<boolean> {
    try {
      await drain(signal, onPage)
      return true
    } catch (error) {
      if (!signal.aborted) await recover(error, signal)
      return false
    }
  }

  async function recover(error: unknown, signal: AbortSignal): Promise<void> {
    if (!(error instanceof SourceError) || verdict(error) === 'halt') throw error
    if (isMistake(error)) throw new UsageError(error.message, { cause: error })
    note(error)
    if (verdict(error) === 'lost' && (await wasLost(error, signal))) return
    const failures = standing.failures()
    const delayMs = backoff(error, failures, { random, longestMs: pace.patienceMs() })
    const { endpoint, fault, message: detail } = error
    log.warn({ endpoint, fault, detail, failures, delayMs }, 'source failed')
    await sleep(delayMs, signal)
  }

  /** A refusal before anything was ever answered or indexed is a mistake in the configuration. */
  function isMistake({ fault }: SourceError): boolean {
    if (fault !== 'refused' || standing.hasAnswered()) return false
    return !isNetworkConfirmed || coverage.checkpoint() === undefined
  }

  function note(error: SourceError): void {
    const { alarm } = standing.status()
    standing.failed(error)
    observe?.fault(error.fault)
    const { alarms, askLess, countsTowardsGap } = REACTIONS[error.fault]
    if (countsTowardsGap) beginning = undefined
    if (alarms && alarm === null) log.error({ detail: error.message }, 'history changed')
    if (askLess !== undefined) pageSize = Math.max(SMALLEST_PAGE, Math.floor(pageSize / 2))
  }

  /** Declares the gap; false when the source does not show what comes after it. */
  async function wasLost(error: SourceError, signal: AbortSignal): Promise<boolean> {
    try {
      if (!(await declareLost(deps, error, believed, signal))) return false
    } catch (cause) {
      if (!(cause instanceof SourceError)) throw cause
      return false
    }
    onApplied()
    return true
  }

  /** A source of another network would be indexed as if it were the right one: ids do not tell. */
  async function confirmNetwork(signal: AbortSignal): Promise<void> {
    if (isNetworkConfirmed) return
    const { passphrase } = await source.network(signal)
    if (passphrase !== identity.networkPassphrase) {
      throw new UsageError(
        `the RPC serves the network "${passphrase}", not "${identity.networkPassphrase}": set RPC_URL or NETWORK so that they fit`,
      )
    }
    isNetworkConfirmed = true
  }

  /** A hash that cannot be had now is asked for at the next poll. */
  async function remember(signal: AbortSignal): Promise<void> {
    try {
      await rememberHash(deps, signal)
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      log.debug({ fault: error.fault, detail: error.message }, 'hash not remembered')
    }
  }

  /** Until the next poll; open gaps are filled meanwhile. */
  async function rest(signal: AbortSignal): Promise<void> {
    const nextPoll = now() + pace.delay(now())
    while (now() < nextPoll && (await healer.step(signal))) await nextTurn()
    await sleep(Math.max(0, nextPoll - now()), signal)
  }

  return {
    async run(signal) {
      while (!signal.aborted) if (await attempt(signal)) await rest(signal)
    },
    async catchUp(signal, onPage) {
      while (!signal.aborted) {
        if (await attempt(signal, onPage)) return
        // A command should fail rather than wait for an RPC to change its mind.
        const cause = standing.lastFailure()
        if (cause?.fault === 'refused' && !standing.hasAnswered()) {
          throw new UsageError(cause.message, { cause })
        }
      }
    },
    status: standing.status,
  }
}

function lastKnownTip({ coverage }: TickDeps) {
  const checkpoint = coverage.checkpoint()
  if (checkpoint === undefined) return undefined
  return { ledger: checkpoint.tipLedger, closedAt: checkpoint.tipClosedAt ?? undefined }
}
