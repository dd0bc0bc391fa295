import type { Admission } from './admission.ts'
import type { FeedCounters } from './counters.ts'
import { createRate } from './rate.ts'
import type { Mode, Subscription } from './subscription.ts'

/** What the feed is doing now. */
export interface FeedStats {
  activeConnections: number
  maxConnections: number
  activeIps: number
  perIpPeakConnections: number
  live: number
  replaying: number
  stalled: number
  /** Events written to subscriptions per second, over the last ten seconds. */
  eventsPerSecond: number
}

export interface Stats {
  /** Notes how many events have been written so far; to be called several times a second. */
  note(): void
  read(): FeedStats
}

export function createStats(deps: {
  counters: Readonly<FeedCounters>
  admission: Admission
  subscriptions(): Iterable<Subscription>
  now(): number
}): Stats {
  const { counters, admission, subscriptions, now } = deps
  const rate = createRate()
  let noted = 0

  function note(): void {
    const events = counters.delivered + counters.replayed
    rate.add(events - noted, now())
    noted = events
  }

  return {
    note,
    read() {
      note()
      const modes: Record<Mode, number> = { live: 0, ahead: 0, replaying: 0, stalled: 0, closed: 0 }
      for (const { mode } of subscriptions()) modes[mode] += 1
      return {
        ...admission.stats(),
        live: modes.live + modes.ahead,
        replaying: modes.replaying,
        stalled: modes.stalled,
        eventsPerSecond: rate.perSecond(now()),
      }
    },
  }
}
