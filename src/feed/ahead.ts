import type { Live } from './live.ts'
import type { Resets } from './resets.ts'
import type { Subscription } from './subscription.ts'

/**
 * The subscriptions whose position is beyond our log. That is normal if they come from a process
 * that is further than this one: they wait until the log has reached them. The wait also ends when
 * a reset is due, for example because the network itself turns out not to have reached them.
 */
export interface Ahead {
  add(sub: Subscription): void
  delete(sub: Subscription): void
  /** Releases all whose wait is over. */
  settle(): void
}

export function createAhead(deps: {
  live: Live
  resets: Resets
  /** It no longer has to wait. */
  released(sub: Subscription): void
}): Ahead {
  const { live, resets, released } = deps
  const waiting = new Set<Subscription>()

  return {
    add: (sub) => void waiting.add(sub),
    delete: (sub) => void waiting.delete(sub),
    settle() {
      for (const sub of waiting) {
        if (sub.cursor > live.frontier() && !resets.isDue(sub)) continue
        waiting.delete(sub)
        released(sub)
      }
    },
  }
}
