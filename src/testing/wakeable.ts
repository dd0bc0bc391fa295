import { realClock } from '../domain/clock.ts'
import type { Clock } from '../domain/clock.ts'

/** A clock whose sleepers can be woken before their time. */
export interface WakeableClock {
  clock: Pick<Clock, 'sleep'>
  /** Ends every sleep. If nobody sleeps, the next sleep ends at once. */
  wake(): void
}

export function createWakeableClock(): WakeableClock {
  let waking = new AbortController()
  return {
    clock: {
      async sleep(milliseconds, signal) {
        const woken = waking.signal
        await realClock.sleep(milliseconds, signal ? AbortSignal.any([signal, woken]) : woken)
        if (woken.aborted && waking.signal === woken) waking = new AbortController()
      },
    },
    wake: () => waking.abort(),
  }
}
