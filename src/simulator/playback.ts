import type { Ledgers } from './node/ledgers.ts'

/** The longest delay that a timer can have. */
const MAX_DELAY_MS = 2 ** 31 - 1

export interface Playback {
  /** The latest closed ledger; the one before the first if none has closed. */
  latest(): number
  /** Closes the next ledgers now and returns the latest. */
  closeNext(count: number): number
  /** Resolves when the last recorded ledger has closed; never, if playback is stopped before. */
  finished: Promise<void>
  stop(): void
}

export interface PlaybackOptions {
  /** Ledgers that have closed at the start. */
  closed: number
  /** Times the recorded pace. Infinity closes all ledgers at once, 0 closes none. */
  speed: number
}

/**
 * Closes ledgers at their recorded pace times `speed`. Each is due at a fixed time after the start,
 * so late timers do not add up.
 */
export function createPlayback(ledgers: Ledgers, { closed, speed }: PlaybackOptions): Playback {
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
