/**
 * How many ledgers one getEvents may scan. A request by cursor makes the server scan ten thousand
 * ledgers, however few events it asks for. A server that cannot do this within its time limit would
 * never answer while the contract is quiet. Such a server is asked for a range of fewer ledgers,
 * and gradually for more again. Its own time limit, a proxy's and ours all count the same.
 */
export interface ScanWindow {
  /**
   * The first ledger after the range, for a request that starts with ledger `from`. Undefined means
   * to ask by cursor: also if less than a window is left, because a range must end before the tip.
   */
  end(from: number): number | undefined
  /** Whether the latest ledger must be asked for before the next request. */
  needsTip(): boolean
  /** The latest ledger; undefined if it cannot be read, and the last known one is used. */
  sawTip(latestLedger: number | undefined): void
  /** The server has answered, so the window grows. */
  answered(): void
  /** The server ran out of time on a request that starts with ledger `from`. */
  gaveUp(from: number): void
}

/** The most ledgers that a server scans in one call. */
const SCAN_LIMIT = 10_000
/**
 * The window shrinks after so many failures in a row. A single one may be a busy moment of the
 * server. If the network was away for a while, the window shrinks too, but it grows back soon.
 */
const PROOF = 2
/** Each failure costs the server's whole time limit, so the window shrinks fast. */
const SHRINK = 4
/** The window grows fast up to the size at which the server gave up, and slowly beyond it. */
const GROWTH = { fast: 2, slow: 1.1 }
/** The share of that size which counts as safe. */
const SAFE = 0.8

export function createScanWindow(): ScanWindow {
  let ledgers = SCAN_LIMIT
  let latest: number | undefined
  let needsTip = false
  /** Failures in a row. */
  let failures = 0
  /** The window's size before the last such row. */
  let ceiling = SCAN_LIMIT

  return {
    end(from) {
      if (ledgers === SCAN_LIMIT || latest === undefined) return undefined
      const end = from + Math.floor(ledgers)
      return end <= latest + 1 ? end : undefined
    },
    needsTip: () => needsTip,
    sawTip(latestLedger) {
      latest = latestLedger ?? latest
      needsTip = false
    },
    answered() {
      failures = 0
      const isSafe = ledgers * GROWTH.fast <= ceiling * SAFE
      ledgers = Math.min(SCAN_LIMIT, ledgers * (isSafe ? GROWTH.fast : GROWTH.slow))
    },
    gaveUp(from) {
      failures += 1
      if (failures < PROOF) return
      const left = latest === undefined ? SCAN_LIMIT : Math.max(1, latest - from + 1)
      if (failures === PROOF) ceiling = ledgers
      ledgers = Math.max(1, Math.min(ledgers, left) / SHRINK)
      needsTip = true
    },
  }
}
