import { SourceError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'
import type { ChainGuard } from './chain-guard.ts'
import type { Timers } from '../timers.ts'
import { firstLedgerOf, possible } from '../../source/page-start.ts'
import type { RetentionEvidence } from './retention.ts'
import type { LedgerPage, LedgerSource, PageStart } from '../../source/source.ts'

/** Pages of one endpoint: asked for in a size it answers, and checked before they are handed on. */
export interface PageFetcher {
  /**
   * A page of the log's chain. Where the chain is in doubt it is checked after the page has come;
   * if the check itself fails, the page is kept, and the next call for the same start only checks.
   */
  fetch(start: PageStart, limit: number, signal: AbortSignal): Promise<LedgerPage>
  /** Milliseconds that a page may take: some times as long as usual, and at least the floor. */
  patienceMs(floorMs: number): number
}

export interface PageFetcherDeps {
  source: LedgerSource
  chain: ChainGuard
  evidence: RetentionEvidence
  timers: Timers
  /** Makes a call within its time, and notes its fault. */
  call<T>(make: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>
}

/** How many times as long as usual a page may take. */
const PATIENCE = 3
/** Weight of the newest page in what is usual. */
const NEWEST = 0.2
const SMALLEST_PAGE = 50
/** A limit that a server has set is tried again so much later. */
const SHORT_PAGES_MS = 600_000
/** A page that waits for its check for longer is fetched again: its tip is not the tip any more. */
const KEPT_MS = 15_000

interface Kept {
  start: PageStart
  page: LedgerPage
  until: number
  connections: number | undefined
}

export function createPageFetcher(deps: PageFetcherDeps): PageFetcher {
  const { source, chain, evidence, timers, call } = deps
  const { now } = timers
  let usualMs = 0
  /** What the server gave up on is not asked for again for a while. */
  let shortPages = { limit: Number.POSITIVE_INFINITY, until: 0 }
  let kept: Kept | undefined

  /** One that is suspected to have lost the ledgers is asked over a new connection. */
  async function ask(start: PageStart, asked: number, signal: AbortSignal): Promise<LedgerPage> {
    const needed = firstLedgerOf(start)
    if (evidence.doubts(needed) && evidence.isDue(now())) return askAgain(start, asked, signal)
    try {
      return await attempt(start, asked, signal)
    } catch (error) {
      if (!isOutside(error) || signal.aborted || !evidence.isDue(now())) throw error
      return askAgain(start, asked, signal)
    }
  }

  async function askAgain(
    start: PageStart,
    asked: number,
    signal: AbortSignal,
  ): Promise<LedgerPage> {
    source.reconnect?.()
    try {
      return await attempt(start, asked, signal)
    } catch (error) {
      if (isOutside(error)) evidence.says(error.range?.oldest ?? firstLedgerOf(start) + 1, now())
      throw error
    }
  }

  async function attempt(
    start: PageStart,
    asked: number,
    signal: AbortSignal,
  ): Promise<LedgerPage> {
    const began = now()
    const limit = Math.min(asked, began < shortPages.until ? shortPages.limit : asked)
    try {
      const page = await call(
        async (ending) => possible(await source.page(start, limit, ending), start),
        signal,
      )
      const tookMs = now() - began
      usualMs = usualMs === 0 ? tookMs : usualMs + (tookMs - usualMs) * NEWEST
      evidence.shows(page.oldest?.ledger ?? firstLedgerOf(start))
      return page
    } catch (error) {
      if (!signal.aborted && error instanceof SourceError) learn(error, limit)
      throw error
    }
  }

  function learn(error: SourceError, limit: number): void {
    const { askLess, cools, countsTowardsGap } = REACTIONS[error.fault]
    if (askLess !== undefined && !cools) {
      const half = Math.max(Math.min(SMALLEST_PAGE, limit), Math.floor(limit / 2))
      shortPages = { limit: Math.max(1, error.limit ?? half), until: now() + SHORT_PAGES_MS }
    }
    if (error.range !== undefined && !countsTowardsGap) evidence.shows(error.range.oldest)
  }

  function takeKept(start: PageStart, limit: number): LedgerPage | undefined {
    if (kept === undefined || now() > kept.until || !isSame(kept.start, start)) return undefined
    // What another connection leads to says nothing of where the page came from.
    if (kept.connections !== source.connections?.()) return undefined
    return kept.page.events.length <= limit ? kept.page : undefined
  }

  return {
    async fetch(start, limit, signal) {
      const page = takeKept(start, limit) ?? (await ask(start, limit, signal))
      if (!chain.isSure()) {
        const connections = source.connections?.()
        kept = { start, page, until: now() + KEPT_MS, connections }
        try {
          await call((ending) => chain.check(() => page.tip.ledger, ending), signal)
        } catch (error) {
          if (error instanceof SourceError && REACTIONS[error.fault].alarms) kept = undefined
          throw error
        }
      }
      kept = undefined
      return page
    },
    patienceMs: (floorMs) => Math.max(floorMs, usualMs * PATIENCE),
  }
}

function isOutside(error: unknown): error is SourceError {
  return error instanceof SourceError && REACTIONS[error.fault].countsTowardsGap
}

function isSame(a: PageStart, b: PageStart): boolean {
  return 'after' in a
    ? 'after' in b && a.after === b.after
    : 'startLedger' in b && a.startLedger === b.startLedger
}
