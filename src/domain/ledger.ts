/** A ledger and when it closed. */
export interface LedgerPoint {
  ledger: number
  /** Unix seconds; undefined if not known. */
  closedAt: number | undefined
}

/** The ledgers that a node has, both ends included. */
export interface LedgerRange {
  oldest: number
  latest: number
}
