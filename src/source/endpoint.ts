import type { Logger } from 'pino'
import { completeThrough, ledgerOf } from '../domain/cursor.ts'
import { SourceError } from '../domain/errors.ts'
import type { Fault } from '../domain/faults.ts'
import { createHealth } from './endpoint-health.ts'
import type { Clock, EndpointHealth } from './endpoint-health.ts'
import { createIdentity } from './endpoint-identity.ts'
import type { Aside } from './endpoint-identity.ts'
import type {
  LedgerEntries,
  LedgerHeader,
  LedgerPage,
  LedgerRange,
  LedgerSource,
  PageStart,
} from './source.ts'
import { watch } from './watchdog.ts'

/** An endpoint as `/status` shows it. */
export interface EndpointStatus {
  url: string
  /** `set_aside`: of another network, or without the contract. */
  state: 'starting' | 'ok' | 'failing' | 'set_aside'
  latestLedger: number | null
  oldestLedger: number | null
  /** The last fault and what was said of it; kept when the endpoint has recovered. */
  lastError: string | null
}

/** Totals since the start. */
export interface EndpointCounters {
  url: string
  pages: number
  faults: Readonly<Partial<Record<Fault, number>>>
  /** Pages for which another endpoint was faster, though it was asked later. */
  outrun: number
  /** Answered or not. */
  probes: number
}

export interface EndpointDeps {
  /** Credentials redacted. */
  name: string
  source: LedgerSource
  networkPassphrase: string
  contractId: string
  /** For one call, after which it is given up. */
  callTimeoutMs: number
  log: Logger
  clock: Clock
  /** Whether a tip is further behind the best one known than an endpoint in use may be. */
  lags(latestLedger: number): boolean
}

/** One of several sources of the same ledgers, and what is known of it. Methods throw SourceError. */
export interface Endpoint {
  readonly name: string
  readonly health: EndpointHealth
  /**
   * Makes sure that it is of our network and has the contract, where that is not known or not
   * known any more: for one `inUse`, once and after a lost connection.
   */
  identify(inUse: boolean, signal: AbortSignal): Promise<void>
  page(start: PageStart, limit: number, signal: AbortSignal): Promise<LedgerPage>
  range(signal: AbortSignal): Promise<LedgerRange>
  ledger(sequence: number, signal: AbortSignal): Promise<LedgerHeader | undefined>
  entries(keys: readonly string[], signal: AbortSignal): Promise<LedgerEntries>
  /** Asks how it is, besides what it is asked anyway. Does not throw. */
  probe(signal: AbortSignal): Promise<void>
  /** Whether nothing has been heard of it for so long that it is time for a probe. */
  isProbeDue(): boolean
  /** What speaks against asking it for ledgers, if anything. */
  aside(): Aside | undefined
  /** Whether it is known not to have the ledger that a page would start in. */
  lacks(start: PageStart): boolean
  latestLedger(): number | null
  /** Milliseconds since it last said anything about the ledgers it was asked for. */
  silentMs(): number
  /** Milliseconds that a page may take before another endpoint is asked as well. */
  patienceMs(floorMs: number): number
  /** Something it did that is not the outcome of a call. */
  blame(error: SourceError): void
  /** Others say something else, and nobody knows who is right. */
  dispute(detail: string): void
  outrun(): void
  status(): EndpointStatus
  counters(): EndpointCounters
}

const PROBE_EVERY_MS = 10_000
/** How many times as long as usual a page may take. */
const PATIENCE = 3
/** Weight of the newest page in what is usual. */
const NEWEST = 0.2
const SMALLEST_PAGE = 50
/** A limit that a server has set is tried again so much later. */
const SHORT_PAGES_MS = 600_000

export function createEndpoint(deps: EndpointDeps): Endpoint {
  const { name, source, callTimeoutMs, log, clock, lags } = deps
  const { now } = clock
  const health = createHealth(clock)
  const identity = createIdentity({ ...deps, now })
  let state: 'starting' | 'ok' | 'failing' = 'starting'
  let latestLedger: number | null = null
  let oldestLedger: number | null = null
  let lastError: string | null = null
  /** The log says that it fails. */
  let isTold = false
  /** Asked for this ledger, it was behind; until it is seen to have it, others go first. */
  let awaitedLedger = 0
  let heardAt = now()
  let contactAt = Number.NEGATIVE_INFINITY
  let usualMs = 0
  /** What the server gave up on is not asked for again for a while. */
  let shortPages = { limit: Number.POSITIVE_INFINITY, until: 0 }
  const faults: Partial<Record<Fault, number>> = {}
  const totals = { pages: 0, outrun: 0, probes: 0 }

  async function call<T>(
    make: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
    asked?: { start: PageStart; limit: number },
  ): Promise<T> {
    contactAt = now()
    try {
      return await watch(make, callTimeoutMs, signal)
    } catch (error) {
      if (!signal.aborted && error instanceof SourceError) note(error, asked)
      throw error
    }
  }

  function note(error: SourceError, asked?: { start: PageStart; limit: number }): void {
    const { fault, range, message } = error
    faults[fault] = (faults[fault] ?? 0) + 1
    // A ledger late is everyday life; what is set aside has been told of.
    if (!isTold && fault !== 'behind' && identity.aside() === undefined) {
      log.warn({ endpoint: name, fault, detail: message }, 'RPC failed')
      isTold = true
    }
    state = 'failing'
    lastError = `${fault}: ${message}`
    if (range !== undefined) see(range.oldest, range.latest)
    // These are about its ledgers and about the page's size, not about its health.
    if (fault === 'outside_retention') heardAt = now()
    else if (fault === 'behind' && asked !== undefined) awaitedLedger = startLedgerOf(asked.start)
    else if (isTooMuch(fault) && asked !== undefined && asked.limit > SMALLEST_PAGE) {
      const limit = Math.max(SMALLEST_PAGE, Math.floor(asked.limit / 2))
      shortPages = { limit, until: now() + SHORT_PAGES_MS }
    } else health.fault(error)
    if (fault === 'unreachable' || fault === 'timeout') identity.doubt()
  }

  function see(oldest: number | undefined, latest: number): void {
    oldestLedger = oldest ?? oldestLedger
    latestLedger = latest
    if (latest >= awaitedLedger) awaitedLedger = 0
  }

  function good(): void {
    if (isTold) log.info({ endpoint: name }, 'RPC answers again')
    isTold = false
    state = 'ok'
    if (latestLedger !== null && lags(latestLedger)) health.doubt()
    else health.good()
  }

  async function askRange(signal: AbortSignal): Promise<LedgerRange> {
    const answer = await call((ending) => source.range(ending), signal)
    see(answer.oldestLedger, answer.latestLedger)
    good()
    return answer
  }

  async function answered<T>(
    make: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const answer = await call(make, signal)
    good()
    return answer
  }

  return {
    name,
    health,
    async identify(inUse, signal) {
      if (!identity.isKnown(inUse)) await call(identity.check, signal)
    },

    async page(start, asked, signal) {
      const began = now()
      const limit = Math.min(asked, began < shortPages.until ? shortPages.limit : asked)
      const page = await call(
        async (ending) => checked(await source.page(start, limit, ending), start),
        signal,
        { start, limit },
      )
      const tookMs = now() - began
      usualMs = usualMs === 0 ? tookMs : usualMs + (tookMs - usualMs) * NEWEST
      heardAt = now()
      totals.pages += 1
      see(page.oldest?.ledger, page.tip.ledger)
      good()
      return page
    },

    range: askRange,
    ledger: (sequence, signal) => answered((ending) => source.ledger(sequence, ending), signal),
    entries: (keys, signal) => answered((ending) => source.entries(keys, ending), signal),

    async probe(signal) {
      try {
        // Done ahead for one that is about to be returned to, so that no page waits for it.
        const isReturning = !health.isTrusted() && !identity.isKnown(false)
        if (isReturning || !identity.isKnown(true)) await call(identity.check, signal)
        await askRange(signal)
      } catch (error) {
        if (!signal.aborted && !(error instanceof SourceError)) throw error
      } finally {
        totals.probes += 1
      }
    },

    isProbeDue() {
      if (now() - contactAt < PROBE_EVERY_MS || health.coolingMs() > 0) return false
      return identity.aside()?.isDue ?? true
    },

    aside: identity.aside,
    lacks(start) {
      if (awaitedLedger > 0 && startLedgerOf(start) >= awaitedLedger) return true
      return oldestLedger !== null && firstLedger(start) < oldestLedger
    },
    latestLedger: () => (identity.aside() === undefined ? latestLedger : null),
    silentMs: () => now() - heardAt,
    patienceMs: (floorMs) => Math.max(floorMs, usualMs * PATIENCE),
    blame: (error) => note(error),
    dispute(detail) {
      state = 'failing'
      lastError = detail
    },
    outrun() {
      totals.outrun += 1
      health.doubt()
    },
    status: () => ({
      url: name,
      state: identity.aside() === undefined ? state : 'set_aside',
      latestLedger,
      oldestLedger,
      lastError,
    }),
    counters: () => ({ url: name, ...totals, faults: { ...faults } }),
  }
}

function isTooMuch(fault: Fault): boolean {
  return fault === 'time_limit' || fault === 'too_many'
}

/** The ledger that an endpoint must have reached to answer. */
function startLedgerOf(start: PageStart): number {
  return 'after' in start ? ledgerOf(start.after) : start.startLedger
}

/** The ledger that an endpoint must still have to answer. */
function firstLedger(start: PageStart): number {
  return 'after' in start ? completeThrough(start.after) + 1 : start.startLedger
}

/**
 * A page that is possible at all: it does not end before it starts, nor behind the tip that it
 * names itself. What lies between was checked by whoever read it from the wire.
 */
function checked(page: LedgerPage, start: PageStart): LedgerPage {
  const { cursor, tip, oldest } = page
  const backwards =
    'after' in start ? cursor < start.after : completeThrough(cursor) < start.startLedger - 1
  if (backwards) {
    throw new SourceError('malformed', `the page from ${JSON.stringify(start)} ended at ${cursor}`)
  }
  if (ledgerOf(cursor) > tip.ledger) {
    const range = { oldest: oldest?.ledger ?? 0, latest: tip.ledger }
    const detail = `the page ended in ledger ${ledgerOf(cursor)}, and the tip is ${tip.ledger}`
    throw new SourceError('behind', detail, { range })
  }
  return page
}
