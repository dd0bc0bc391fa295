import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { completeThrough, endOfLedger } from '../domain/cursor.ts'
import { SourceError, UsageError } from '../domain/errors.ts'
import { REACTIONS } from '../domain/faults.ts'
import type { Fault } from '../domain/faults.ts'
import type { LedgerPage, Network, PageStart } from '../source/source.ts'
import { createHistoryGuard } from './history.ts'
import { createPace } from './pace.ts'
import { createRunwayWatch } from './runway.ts'
import { applyPage, hasMore, lag, nextStart } from './tick.ts'
import type { TickDeps } from './tick.ts'
import { backoff, verdict } from './verdict.ts'

export interface IngestDeps extends TickDeps {
  log: Logger
  /** After every commit that moved the log. */
  onApplied(): void
  /** Told what is worth counting. */
  observe?: { applied(seconds: number): void; fault(fault: Fault): void }
  /** The network the source must be of; checked before the first page. */
  networkPassphrase: string
  pageSize?: number
  /** Milliseconds of a clock that never goes back. */
  now?: () => number
  random?: () => number
}

/** What ingestion knows of its source, for the status page. */
export interface SourceStatus {
  state: 'starting' | 'ok' | 'failing'
  latestLedger: number | null
  oldestLedger: number | null
  /** The last fault and what was said of it; kept when the source has recovered. */
  lastError: string | null
  /** What keeps ingestion from going on until somebody acts; null when nothing does. */
  alarm: string | null
  /** How long the tip has not moved, by our own clock; undefined before the first answer. */
  tipStillForMs: number | undefined
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
/** Faults after which the source's chain is compared with ours again. */
const DOUBTS: ReadonlySet<Fault> = new Set([
  'behind',
  'outside_retention',
  'refused',
  'history_changed',
])
/** A retention gap is believed when the source has said so this often in a row. */
const GAP_CONFIRMATIONS = 4

export function createIngest(deps: IngestDeps): Ingest {
  const { source, coverage, writer, networkPassphrase, log, onApplied, observe } = deps
  const { pageSize: largestPage = PAGE_SIZE, now = () => performance.now() } = deps
  const { random = Math.random } = deps
  const pace = createPace()
  const watchRunway = createRunwayWatch(log)
  let pageSize = largestPage
  let networkChecked = false
  let historyChecked = false
  const history = createHistoryGuard(deps)
  let failures = 0
  let tipMovedAt: number | undefined
  /** Why nothing was answered from the start on. */
  let refusedBy: SourceError | undefined
  const status: Omit<SourceStatus, 'tipStillForMs'> = {
    state: 'starting',
    latestLedger: null,
    oldestLedger: null,
    lastError: null,
    alarm: null,
  }

  async function fetchPage(start: PageStart, signal: AbortSignal): Promise<LedgerPage> {
    const page = await source.page(start, pageSize, signal)
    const moved = status.latestLedger === null || page.tip.ledger > status.latestLedger
    if (moved) tipMovedAt = now()
    if (failures > 0) log.info({ failures }, 'source answers again')
    failures = 0
    // Back up slowly: a size that was too much a moment ago may be the server's limit.
    pageSize = Math.min(pageSize + PAGE_GROWTH, largestPage)
    status.state = 'ok'
    status.latestLedger = page.tip.ledger
    status.oldestLedger = page.oldest?.ledger ?? status.oldestLedger
    pace.observe(page.tip.ledger, now())
    return page
  }

  function apply(start: PageStart, page: LedgerPage): number {
    const began = now()
    const { accepted, moved } = applyPage(deps, start, page)
    observe?.applied((now() - began) / 1_000)
    watchRunway(completeThrough(page.cursor), page.tip, page.oldest)
    const fields = {
      ledger: completeThrough(page.cursor),
      accepted,
      lagLedgers: lag(page.cursor, page.tip.ledger),
      elapsedMs: Math.round(now() - began),
    }
    if (accepted > 0) log.info(fields, 'applied')
    else log.debug(fields, 'applied')
    if (moved || accepted > 0) onApplied()
    return accepted
  }

  async function recover(error: unknown, signal: AbortSignal): Promise<void> {
    const judged = verdict(error)
    if (judged === 'halt' || !(error instanceof SourceError)) throw error
    failures += 1
    refusedBy = error.fault === 'refused' && status.latestLedger === null ? error : undefined
    observe?.fault(error.fault)
    status.state = 'failing'
    // A cursor that the node does not have is how a network that started over shows.
    if (DOUBTS.has(error.fault)) historyChecked = false
    if (error.fault === 'history_changed') {
      if (status.alarm === null) log.error({ detail: error.message }, 'history changed')
      status.alarm = error.message
    }
    status.lastError = `${error.fault}: ${error.message}`
    if (REACTIONS[error.fault].askLess !== undefined)
      pageSize = Math.max(SMALLEST_PAGE, Math.floor(pageSize / 2))
    if (judged === 'retention' && failures >= GAP_CONFIRMATIONS && declareGap(error)) return
    const delayMs = Math.round(backoff(error, failures, random))
    log.warn({ fault: error.fault, detail: error.message, failures, delayMs }, 'source failed')
    await pause(delayMs, signal)
  }

  /** Whether there was a gap to declare: a log without a checkpoint has lost nothing yet. */
  function declareGap({ range }: SourceError): boolean {
    const checkpoint = coverage.checkpoint()
    if (checkpoint === undefined || range === undefined) return false
    const gap = { from: completeThrough(checkpoint.cursor) + 1, to: range.oldest - 1 }
    if (gap.to < gap.from) return false
    const declaredAt = Math.floor(Date.now() / 1_000)
    writer.declareGap({ ...gap, reason: 'retention', declaredAt }, endOfLedger(gap.to))
    log.error(gap, 'ledgers lost: the source no longer has them')
    failures = 0
    onApplied()
    return true
  }

  /** A source of another chain would be indexed as if it were ours: ids do not tell. */
  async function checkChain(signal: AbortSignal): Promise<void> {
    if (!networkChecked) {
      const { passphrase } = await askNetwork(signal)
      if (passphrase !== networkPassphrase) throw otherNetwork(passphrase)
      networkChecked = true
    }
    if (!historyChecked) {
      await history.check(signal)
      historyChecked = true
      status.alarm = null
    }
  }

  /** A refusal before anything was ever answered is a mistake in the configuration. */
  async function askNetwork(signal: AbortSignal): Promise<Network> {
    try {
      return await source.network(signal)
    } catch (error) {
      const refused = error instanceof SourceError && error.fault === 'refused'
      throw refused ? new UsageError(error.message, { cause: error }) : error
    }
  }

  function otherNetwork(passphrase: string): UsageError {
    return new UsageError(
      `the RPC serves the network "${passphrase}", not "${networkPassphrase}": set RPC_URL or NETWORK so that they fit`,
    )
  }

  /** Pages until nothing more is there; the next page is on its way while one is applied. */
  async function drain(signal: AbortSignal, onPage: OnPage): Promise<void> {
    await checkChain(signal)
    let start = await nextStart(deps, signal)
    let page = await fetchPage(start, signal)
    while (hasMore(page)) {
      const following: PageStart = { after: page.cursor }
      const next = fetchPage(following, signal)
      // Settled before it is awaited, it would count as unhandled.
      next.catch(() => {})
      onPage(page, apply(start, page))
      await nextTurn()
      start = following
      page = await next
    }
    onPage(page, apply(start, page))
    await remember(signal)
  }

  /** A hash that cannot be had now is asked for at the next poll. */
  async function remember(signal: AbortSignal): Promise<void> {
    try {
      await history.remember(signal)
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      log.debug({ fault: error.fault, detail: error.message }, 'hash not remembered')
    }
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

  return {
    async run(signal) {
      while (!signal.aborted) {
        if (await attempt(signal)) await pause(pace.delay(now()), signal)
      }
    },
    async catchUp(signal, onPage) {
      while (!signal.aborted) {
        if (await attempt(signal, onPage)) return
        // Whoever waits for an end is better told than kept waiting for an RPC to change its mind.
        if (refusedBy !== undefined) throw new UsageError(refusedBy.message, { cause: refusedBy })
      }
    },
    status: () => ({
      ...status,
      tipStillForMs: tipMovedAt === undefined ? undefined : now() - tipMovedAt,
    }),
  }
}

/** Rests; an abort ends the rest, not the program. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {})
}
