import type { Cursor } from '../domain/cursor.ts'
import type { RawEvent } from '../domain/event.ts'

/** Where a page starts: exclusively after a position, or inclusively at a ledger (to bootstrap). */
export type PageStart = { after: Cursor } | { startLedger: number }

export interface LedgerPage {
  /** Events of the contract in order of id, as the source has them. */
  events: readonly RawEvent[]
  /** Position the page is complete through; where the next page starts. */
  cursor: Cursor
  /** The page was cut at its limit: more is there already. */
  full: boolean
  /** Close time of the cursor's ledger, Unix seconds, where the source could tell. */
  closedAt: number | undefined
  tip: LedgerPoint
  /** The oldest ledger the source still has; undefined where old servers do not tell. */
  oldest: LedgerPoint | undefined
}

export interface LedgerPoint {
  ledger: number
  /** Unix seconds, where the source could tell. */
  closedAt: number | undefined
}

export interface Network {
  passphrase: string
}

export interface LedgerRange {
  oldestLedger: number
  latestLedger: number
}

/**
 * Where ledgers come from. Every method throws `SourceError` and nothing else when the source
 * cannot answer; an aborted signal rejects with the signal's reason.
 */
export interface LedgerSource {
  network(signal: AbortSignal): Promise<Network>
  range(signal: AbortSignal): Promise<LedgerRange>
  page(start: PageStart, limit: number, signal: AbortSignal): Promise<LedgerPage>
}
