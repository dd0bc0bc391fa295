/**
 * Where ledgers come from. `LedgerSource` is the edge that the rest of the program sees; one RPC, a
 * recording, and several RPCs together (src/failover) all implement it.
 *
 * - source.ts            the types
 * - page-start.ts        rules about where a page starts
 * - network.ts           refuses a source of another network
 * - backoff.ts           delays after failures, and retrying
 * - entry-keys.ts        keys of the contract's ledger entries
 * - recording-source.ts  a recorded file as a source
 * - rpc/                 one RPC server as a source, and recording one
 */
import type { Cursor } from '../domain/cursor.ts'
import type { RawEvent } from '../domain/event.ts'
import type { LedgerPoint, LedgerRange } from '../domain/ledger.ts'

/** A page starts after a position, or with a ledger (the first page of a log). */
export type PageStart = { after: Cursor } | { startLedger: number }

export interface LedgerPage {
  /** Events of the contract, in order of id, as the source has them. */
  events: readonly RawEvent[]
  /** The page is complete up to this position. The next page starts here. */
  cursor: Cursor
  /** The page was cut at its limit, so there may be more events already. */
  full: boolean
  /**
   * Close time of the cursor's ledger, Unix seconds. It is known if that ledger is the tip or has
   * events on the page. Otherwise it can take an extra call, so it is known only sometimes.
   */
  closedAt: number | undefined
  tip: LedgerPoint
  /** The oldest ledger the source still has; undefined from servers before v23. */
  oldest: LedgerPoint | undefined
}

export interface Network {
  passphrase: string
}

/** One ledger of the chain. */
export interface LedgerHeader {
  sequence: number
  /** 64 hex digits. */
  hash: string
  /** Unix seconds. */
  closedAt: number
}

/** Contract data as it is on chain now. */
export interface LedgerEntries {
  /** The ledger at which all of them were read. */
  latestLedger: number
  /** The entries that exist, in no particular order. */
  entries: LedgerEntry[]
}

export interface LedgerEntry {
  /** Base64 LedgerKey. */
  key: string
  /** Base64 LedgerEntryData. */
  xdr: string
  lastModifiedLedger: number
  /**
   * The last ledger before the entry is archived. 0 means already archived, undefined means never.
   */
  liveUntilLedger: number | undefined
}

/** What a log remembers of the chain that it was read from. */
export interface ChainMemory {
  /** Ledgers whose hash is stored, newest first. */
  anchors(): readonly Pick<LedgerHeader, 'sequence' | 'hash'>[]
  /** The checkpoint's ledger; undefined while the log is empty. */
  checkpoint(): number | undefined
}

/** The most keys of one call. */
export const MAX_ENTRY_KEYS = 200

/**
 * Every method throws `SourceError`, and nothing else, if the source cannot answer. After an abort
 * it rejects with the signal's reason.
 */
export interface LedgerSource {
  network(signal: AbortSignal): Promise<Network>
  range(signal: AbortSignal): Promise<LedgerRange>
  /**
   * Where a log may begin: the ledgers that the nodes of the source have together. It may take much
   * longer than `range`, which uses the first answer. For a single node both are the same.
   */
  extent(signal: AbortSignal): Promise<LedgerRange>
  page(start: PageStart, limit: number, signal: AbortSignal): Promise<LedgerPage>
  /** Undefined if the source does not have the ledger. */
  ledger(sequence: number, signal: AbortSignal): Promise<LedgerHeader | undefined>
  /** The entries of base64 LedgerKeys, at most `MAX_ENTRY_KEYS` of them. */
  entries(keys: readonly string[], signal: AbortSignal): Promise<LedgerEntries>
  /** From now on, answers from another chain than the log's throw `history_changed`. */
  compareWith?(log: ChainMemory): void
  /** The next call uses a new connection, which may reach another node. Open calls continue. */
  reconnect?(): void
  /**
   * How many connections were opened so far. A new one may lead to another node. Sources without
   * connections leave it out.
   */
  connections?(): number
}
