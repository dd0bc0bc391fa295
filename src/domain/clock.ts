import { setTimeout as timer } from 'node:timers/promises'

/**
 * The passing of time as a dependency. Only durations are measured with it: it says nothing about
 * the time of day.
 */
export interface Clock {
  /** Milliseconds of a clock that never goes back. */
  now(): number
  /** Resolves after so many milliseconds, or as soon as the signal aborts; never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

export const realClock: Clock = {
  now: () => performance.now(),
  async sleep(milliseconds, signal) {
    await timer(milliseconds, undefined, { signal }).catch(() => {})
  },
}
