import { SourceError } from '../../domain/errors.ts'
import { REACTIONS } from '../../domain/faults.ts'
import { firstLedgerOf } from '../../source/page-start.ts'
import type { LedgerPage, LedgerSource, PageStart } from '../../source/source.ts'
import type { Timers } from '../timers.ts'
import type { Call } from './calls.ts'
import type { ChainGuard } from './chain-guard.ts'
import { createPageCall, isOutside } from './page-call.ts'
import type { PageCall } from './page-call.ts'
import type { RetentionEvidence } from './retention.ts'

/** Pages of one endpoint: over a new connection if ledgers may be lost, and of the log's chain. */
export interface PageFetcher {
  /**
   * A page of the log's chain. If the chain is in doubt, it is checked after the page has come. If
   * the check fails, the page is kept, and the next call for the same start repeats only the check.
   */
  fetch(start: PageStart, limit: number, signal: AbortSignal): Promise<LedgerPage>
  patienceMs: PageCall['patienceMs']
}

export interface PageFetcherDeps {
  source: LedgerSource
  chain: ChainGuard
  evidence: RetentionEvidence
  timers: Timers
  call: Call
}

/** An unchecked page that is older than this is fetched again: its tip has become too old. */
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
  const { attempt, patienceMs } = createPageCall(deps)
  let kept: Kept | undefined

  /** If the ledgers may be lost, the endpoint is asked over a new connection. */
  async function ask(start: PageStart, limit: number, signal: AbortSignal): Promise<LedgerPage> {
    const needed = firstLedgerOf(start)
    const isDue = () => evidence.isDue(now())
    if (evidence.suspects(needed) && isDue()) return askOverNewConnection(start, limit, signal)
    try {
      return await attempt(start, limit, signal)
    } catch (error) {
      if (!isOutside(error) || signal.aborted || !isDue()) throw error
      return askOverNewConnection(start, limit, signal)
    }
  }

  async function askOverNewConnection(
    start: PageStart,
    limit: number,
    signal: AbortSignal,
  ): Promise<LedgerPage> {
    source.reconnect?.()
    try {
      return await attempt(start, limit, signal)
    } catch (error) {
      if (isOutside(error)) {
        evidence.oldestNamed(error.range?.oldest ?? firstLedgerOf(start) + 1, now())
      }
      throw error
    }
  }

  function takeKept(start: PageStart, limit: number): LedgerPage | undefined {
    if (kept === undefined || now() > kept.until || !isSame(kept.start, start)) return undefined
    // A new connection may lead to another node: its check says nothing about this page.
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
    patienceMs,
  }
}

function isSame(a: PageStart, b: PageStart): boolean {
  return 'after' in a
    ? 'after' in b && a.after === b.after
    : 'startLedger' in b && a.startLedger === b.startLedger
}
