/**
 * How many ledgers one getEvents may look at. By cursor a server looks at ten thousand, however
 * few events it is asked for; one that cannot do so in its time limit would never answer where the
 * contract is quiet. It is asked for fewer, by their range, and by and by for more again. Its own
 * time limit, that of a proxy before it and ours count alike.
 */
export interface ScanWindow {
  /**
   * The first ledger that a request from ledger `from` on must not look at; undefined: by cursor,
   * which is the way where no more than a window is left, for ranges end before the tip.
   */
  end(from: number): number | undefined
  /** Whether how far the ledgers go has to be asked for. */
  isLost(): boolean
  /** How far they go; undefined: it cannot be had, and the last that is known will do. */
  see(latestLedger: number | undefined): void
  /** The server has answered and may be asked for a little more. */
  answered(): void
  /** The server gave up on a request from ledger `from` on. */
  gaveUp(from: number): void
}

/** The server's own limit. */
const SCAN_LIMIT = 10_000
/**
 * One may be a busy moment of the server's; so many in a row are about what was asked, or about a
 * network that was away, after which the window is soon as large as it was.
 */
const PROOF = 2
/** Each failure costs the server's whole time limit, so the window shrinks fast. */
const SHRINK = 4
/** By which the window grows again up to the size that the server gave up on, and from there on. */
const GROWTH = { fast: 2, slow: 1.1 }
/** The share of that size which is taken for safe. */
const SAFE = 0.8

export function createScanWindow(): ScanWindow {
  let ledgers = SCAN_LIMIT
  let latest: number | undefined
  let isLost = false
  /** Time limits in a row. */
  let gaveUp = 0
  /** The window before the last such row. */
  let ceiling = SCAN_LIMIT

  return {
    end(from) {
      if (ledgers === SCAN_LIMIT || latest === undefined) return undefined
      const end = from + Math.floor(ledgers)
      return end <= latest + 1 ? end : undefined
    },
    isLost: () => isLost,
    see(latestLedger) {
      latest = latestLedger ?? latest
      isLost = false
    },
    answered() {
      gaveUp = 0
      const isSafe = ledgers * GROWTH.fast <= ceiling * SAFE
      ledgers = Math.min(SCAN_LIMIT, ledgers * (isSafe ? GROWTH.fast : GROWTH.slow))
    },
    gaveUp(from) {
      gaveUp += 1
      if (gaveUp < PROOF) return
      const left = latest === undefined ? SCAN_LIMIT : Math.max(1, latest - from + 1)
      if (gaveUp === PROOF) ceiling = ledgers
      ledgers = Math.max(1, Math.min(ledgers, left) / SHRINK)
      isLost = true
    },
  }
}
