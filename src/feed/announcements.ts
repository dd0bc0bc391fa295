import { setImmediate as turn } from 'node:timers/promises'
import type { Cursor } from '../domain/cursor.ts'
import { announcementFrame } from './control-frames.ts'
import { concat, framed, toBytes } from './frame.ts'
import type { Bytes } from './frame.ts'
import type { FeedLimits } from './limits.ts'
import type { Announcement } from './operation.ts'
import type { Outlet } from './outlet.ts'
import type { Subscription } from './subscription.ts'

/** An operator's messages to open subscriptions. They are not kept for those that come later. */
export interface Announcements {
  /** Returns how many subscriptions it is for. */
  send(announcement: Announcement, to: readonly Subscription[]): Promise<number>
  /** Sends a subscription that reads again what it has missed. */
  resumed(sub: Subscription): void
}

/** How many announcements are kept for a client that does not read. */
const MOST_KEPT = 10

export function createAnnouncements(deps: {
  limits: Pick<Required<FeedLimits>, 'writesPerTurn'>
  outlet: Outlet
  positionOf(sub: Subscription): Cursor
}): Announcements {
  const { limits, outlet, positionOf } = deps
  const { writesPerTurn } = limits
  /** For stalled subscriptions: a full socket gets nothing more. */
  const missed = new WeakMap<Subscription, readonly Bytes[]>()

  /** False if it has been closed since. */
  function give(sub: Subscription, bytes: Bytes): boolean {
    if (sub.mode === 'closed') return false
    if (sub.mode === 'stalled') {
      missed.set(sub, [...(missed.get(sub) ?? []), bytes].slice(-MOST_KEPT))
    } else {
      outlet.write(sub, framed(bytes, sub.chunked), positionOf(sub))
    }
    return true
  }

  return {
    async send(announcement, to) {
      const bytes = toBytes(announcementFrame(announcement))
      let count = 0
      for (const [at, sub] of to.entries()) {
        if (at > 0 && at % writesPerTurn === 0) await turn()
        if (give(sub, bytes)) count += 1
      }
      return count
    },
    resumed(sub) {
      const parts = missed.get(sub)
      if (parts === undefined) return
      missed.delete(sub)
      outlet.write(sub, concat(parts, sub.chunked), positionOf(sub))
    },
  }
}
