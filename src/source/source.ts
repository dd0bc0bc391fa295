import type { Cursor } from '../domain/cursor.ts'
import type { RawEvent } from '../domain/event.ts'
import type { LedgerPoint, LedgerRange } from '../domain/ledger.ts'

/** Where a page starts: exclusively after a position, or inclusively at a ledger (to bootstrap). */
export type PageStart = { after: Cursor } | { startLedger: number }

export interface LedgerPage {
  /** Events of the contract in order of id, as the source has them. */
  events: readonly RawEvent[]
  /** Position the page is complete through; where the next page starts. */
  cursor: Cursor
  /** The page was cut at its limit: more is there already. */
  full: boolean
  /**
   * Close time of the cursor's ledger, Unix seconds. Known where that ledger is the tip or has
   * events on the page; elsewhere only now and then, for the source may have to ask for it apart.
   */
  closedAt: number | undefined
  tip: LedgerPoint
  /** The oldest ledger the source still has; undefined where old servers do not tell. */
  oldest: LedgerPoint | undefined
}

export interface Network {
  passphrase: string
}

/** A ledger of the chain. */
export interface LedgerHeader {
  sequence: number
  /** 64 hex digits. */
  hash: string
  /** Unix seconds. */
  closedAt: number
}

/** Contract data as the chain has it now. */
export interface LedgerEntries {
  /** The ledger that all of them were read at. */
  latestLedger: number
  /** Those of the keys asked for that exist, in no particular order. */
  entries: LedgerEntry[]
}

export interface LedgerEntry {
  /** Base64 LedgerKey. */
  key: string
  /** Base64 LedgerEntryData. */
  xdr: string
  lastModifiedLedger: number
  /** The last ledger before the entry is archived; 0: archived already; undefined: never is. */
  liveUntilLedger: number | undefined
}

/** What a log remembers of its chain. */
export interface ChainMemory {
  /** Ledgers whose hash is remembered, newest first. */
  anchors(): readonly Pick<LedgerHeader, 'sequence' | 'hash'>[]
  /** The checkpoint's ledger; undefined while the log is empty. */
  checkpoint(): number | undefined
}

/** How many keys one call may ask for. */
export const MAX_ENTRY_KEYS = 200

/**
 * Where ledgers come from. Every method throws `SourceError` and nothing else when the source
 * cannot answer; an aborted signal rejects with the signal's reason.
 */
export interface LedgerSource {
  network(signal: AbortSignal): Promise<Network>
  range(signal: AbortSignal): Promise<LedgerRange>
  /**
   * The ledgers that all nodes of the source have between them: where a log may begin. It may
   * take much longer than `range`, which is content with the first answer. One node: its range.
   */
  extent(signal: AbortSignal): Promise<LedgerRange>
  page(start: PageStart, limit: number, signal: AbortSignal): Promise<LedgerPage>
  /** One ledger; undefined where the source does not have it. */
  ledger(sequence: number, signal: AbortSignal): Promise<LedgerHeader | undefined>
  /** Entries under base64 LedgerKeys, at most `MAX_ENTRY_KEYS` of them. */
  entries(keys: readonly string[], signal: AbortSignal): Promise<LedgerEntries>
  /** From now on every answer has to be of the chain that a log remembers: `history_changed`. */
  compareWith?(log: ChainMemory): void
  /** The next call uses a new connection, which may reach another node. Calls in flight go on. */
  reconnect?(): void
  /**
   * How many connections were opened so far; a new one may lead to another node. Missing where
   * there is nothing to connect to.
   */
  connections?(): number
}
