import type { Ledgers } from './node/ledgers.ts'

/** The longest delay that a timer takes. */
const MAX_DELAY_MS = 2 ** 31 - 1

export interface Playback {
  /** The latest closed ledger; one before the first while none is closed. */
  latest(): number
  /** Closes the next ledgers now, whatever the pace; answers the latest. */
  closeNext(count: number): number
  /** Settles once the last recorded ledger has closed; stays pending if playback is stopped before. */
  finished: Promise<void>
  stop(): void
}

/**
 * Closes ledgers at their recorded pace times `speed`: Infinity closes all at once, 0 none. Every
 * close is due at an offset from the start, so late timers do not add up.
 */
export function createPlayback(ledgers: Ledgers, closed: number, speed: number): Playback {
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
  const startedAt = performance.now()
  let latest = Math.min(ledgers.first - 1 + closed, ledgers.last)
  const origin = ledgers.closeTime(Math.max(latest, ledgers.first))
  let timer: NodeJS.Timeout | undefined

  function dueAt(sequence: number): number {
    return startedAt + ((ledgers.closeTime(sequence) - origin) * 1000) / speed
  }

  function closeDue(): void {
    const now = performance.now()
    while (latest < ledgers.last && dueAt(latest + 1) <= now) latest += 1
    schedule()
  }

  function schedule(): void {
    clearTimeout(timer)
    if (latest >= ledgers.last) return finish()
    const delay = Math.max(0, dueAt(latest + 1) - performance.now())
    timer = setTimeout(closeDue, Math.min(delay, MAX_DELAY_MS))
  }

  function closeNext(count: number): number {
    latest = Math.min(latest + count, ledgers.last)
    if (latest >= ledgers.last) {
      clearTimeout(timer)
      finish()
    }
    return latest
  }

  if (speed === Number.POSITIVE_INFINITY) closeNext(ledgers.last - latest)
  else if (speed > 0) schedule()
  else closeNext(0)
  return { latest: () => latest, closeNext, finished, stop: () => clearTimeout(timer) }
}
