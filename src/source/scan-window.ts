/**
 * How many ledgers one getEvents may look at. By cursor a server looks at ten thousand, however
 * few events it is asked for; one that cannot do so in its time limit would never answer where the
 * contract is quiet. It is asked for fewer, by their range, and by and by for more again.
 */
export interface ScanWindow {
  /**
   * The first ledger that a request from ledger `from` on must not look at; undefined: by cursor,
   * which is the way where no more than a window is left, for ranges end before the tip.
   */
  end(from: number): number | undefined
  /** Whether how far the ledgers go has to be asked for. */
  isLost(): boolean
  /** How far they go. */
  see(latestLedger: number): void
  /** The server has answered and may be asked for a little more. */
  answered(): void
  /** The server gave up on a request from ledger `from` on. */
  gaveUp(from: number): void
}

/** The server's own limit. */
const SCAN_LIMIT = 10_000
/** One time limit may be a busy moment of the server's; so many in a row are about what was asked. */
const PROOF = 2
/** Each failure costs the server's whole time limit, so the window shrinks fast. */
const SHRINK = 4
const GROWTH = 1.1

export function createScanWindow(): ScanWindow {
  let ledgers = SCAN_LIMIT
  let latest: number | undefined
  let isLost = false
  /** Time limits in a row. */
  let gaveUp = 0

  return {
    end(from) {
      if (ledgers === SCAN_LIMIT || latest === undefined) return undefined
      const end = from + Math.floor(ledgers)
      return end <= latest + 1 ? end : undefined
    },
    isLost: () => isLost,
    see(latestLedger) {
      latest = latestLedger
      isLost = false
    },
    answered() {
      gaveUp = 0
      ledgers = Math.min(SCAN_LIMIT, ledgers * GROWTH)
    },
    gaveUp(from) {
      gaveUp += 1
      if (gaveUp < PROOF) return
      const left = latest === undefined ? SCAN_LIMIT : Math.max(1, latest - from + 1)
      ledgers = Math.max(1, Math.min(ledgers, left) / SHRINK)
      isLost = true
    },
  }
}
