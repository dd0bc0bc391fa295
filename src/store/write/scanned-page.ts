import type { Cursor } from '../../domain/cursor.ts'
import type { ContractEvent, RawEvent } from '../../domain/event.ts'
import type { LedgerPoint } from '../../domain/ledger.ts'
import type { Identity } from '../read/coverage.ts'

/** An event as decoded, and as the source gave it. */
export interface DecodedEvent {
  event: ContractEvent
  raw: RawEvent
}

/** What one transaction adds to the log. */
export interface ScannedPage {
  events: readonly DecodedEvent[]
  /** The page is complete up to this position. */
  cursor: Cursor
  /** The first ledger from which on the page is complete. */
  scannedFrom: number
  /** Close time of the cursor's ledger, Unix seconds, if known. */
  closedAt: number | undefined
  /** Undefined: unchanged. It may be older than the one before. */
  tip?: LedgerPoint | undefined
  oldest?: LedgerPoint | undefined
  /** The network and contract, if the file is not bound to them yet. */
  identity?: Identity | undefined
}
