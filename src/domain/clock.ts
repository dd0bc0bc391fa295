import { setTimeout as timer } from 'node:timers/promises'

/**
 * The passing of time, as a dependency. It measures durations and does not know the time of day.
 */
export interface Clock {
  /** Milliseconds of a clock that never goes back. */
  now(): number
  /** Resolves after this time, or when the signal aborts. It never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

export const realClock: Clock = {
  now: () => performance.now(),
  async sleep(milliseconds, signal) {
    await timer(milliseconds, undefined, { signal }).catch(() => {})
  },
}
