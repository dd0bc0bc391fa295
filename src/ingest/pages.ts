import { completeThrough } from '../domain/cursor.ts'
import type { SourceError } from '../domain/errors.ts'
import { REACTIONS } from '../domain/faults.ts'
import type { LedgerPage, LedgerSource, PageStart } from '../source/source.ts'
import type { Coverage } from '../store/read/coverage.ts'
import { findStartLedger } from './start.ts'
import type { StartLedger } from './start.ts'

/** A page, and where it was asked to start. */
export interface FetchedPage {
  start: PageStart
  page: LedgerPage
}

export interface PageReader {
  /**
   * The pages from the checkpoint to the tip. The next page is fetched while the caller works on
   * one. Throws SourceError.
   */
  toTip(signal: AbortSignal): AsyncGenerator<FetchedPage, void, void>
  /** The source has failed: the next request asks for less, if that helps with such a fault. */
  failed(error: SourceError): void
}

export interface PageReaderDeps {
  source: LedgerSource
  coverage: Coverage
  startLedger: StartLedger
  /** The most events that one request asks for. */
  pageSize?: number | undefined
  now(): number
  /** Called when a page has arrived. It may have to wait for others before it is stored. */
  onFetched(fetched: FetchedPage): void
}

/** Large enough for a backlog, small enough for subscribers to see the events soon. */
const PAGE_SIZE = 2_000
const SMALLEST_PAGE = 50
/** The size is halved after a page that was too large, and grows slowly: the server has a limit. */
const PAGE_GROWTH = 20
/** Finding the start of a new log asks every RPC. If many calls fail, it cannot be asked each time. */
const START_VALID_MS = 30_000

export function createPageReader(deps: PageReaderDeps): PageReader {
  const { source, coverage, startLedger, now, onFetched, pageSize: largestPage = PAGE_SIZE } = deps
  let pageSize = largestPage
  /** Where a new log begins, until its first page is stored. */
  let beginning: { startLedger: number; validUntil: number } | undefined

  async function nextStart(signal: AbortSignal): Promise<PageStart> {
    const checkpoint = coverage.checkpoint()
    if (checkpoint !== undefined) return { after: checkpoint.cursor }
    if (beginning === undefined || now() > beginning.validUntil) {
      const first = await findStartLedger(source, startLedger, signal)
      beginning = { startLedger: first, validUntil: now() + START_VALID_MS }
    }
    return { startLedger: beginning.startLedger }
  }

  async function fetchPage(start: PageStart, signal: AbortSignal): Promise<FetchedPage> {
    const fetched = { start, page: await source.page(start, pageSize, signal) }
    onFetched(fetched)
    pageSize = Math.min(pageSize + PAGE_GROWTH, largestPage)
    return fetched
  }

  return {
    async *toTip(signal) {
      let fetched = await fetchPage(await nextStart(signal), signal)
      while (hasMore(fetched)) {
        const next = fetchPage({ after: fetched.page.cursor }, signal)
        // It may fail before it is awaited below: without this, Node would end the process.
        next.catch(() => {})
        yield fetched
        fetched = await next
      }
      yield fetched
    },
    failed({ fault }) {
      const { askLess, countsTowardsGap } = REACTIONS[fault]
      if (countsTowardsGap) beginning = undefined
      if (askLess !== undefined) pageSize = Math.max(SMALLEST_PAGE, Math.floor(pageSize / 2))
    },
  }
}

/**
 * Whether the source already has more than the page holds. A page that brought nothing is always
 * the last one, whatever tip it names: otherwise the source would be asked again without a pause.
 */
function hasMore(fetched: FetchedPage): boolean {
  const { page } = fetched
  if (page.full) return true
  return hasLedgers(fetched) && completeThrough(page.cursor) < page.tip.ledger
}

/** Whether the page ended after the position where it started. */
export function hasLedgers({ start, page }: FetchedPage): boolean {
  return !('after' in start) || page.cursor > start.after
}
