import type { Cursor } from '../domain/cursor.ts'
import { cursorFrame } from './control-frames.ts'
import { framedText, HEARTBEAT } from './frame.ts'
import type { FeedLimits } from './limits.ts'
import { TICK_MS } from './outlet.ts'
import type { Outlet } from './outlet.ts'
import type { Subscription } from './subscription.ts'
import { createWheel } from './wheel.ts'

/** Checks silence and age of all subscriptions with one timer. */
export interface Heartbeat {
  add(sub: Subscription): void
  delete(sub: Subscription): void
  /** Stops the timer; the next `add` starts it again. */
  rest(): void
}

export function createHeartbeat(deps: {
  limits: Pick<Required<FeedLimits>, 'heartbeatMs' | 'writesPerTurn'>
  clock(): number
  outlet: Outlet
  positionOf(sub: Subscription): Cursor
  /** Called at each tick, before anything else. */
  ticked(): void
  /** Its time is over. */
  aged(sub: Subscription): void
}): Heartbeat {
  const { limits, clock, outlet, positionOf, ticked, aged } = deps
  const heartbeatTicks = Math.max(1, Math.round(limits.heartbeatMs / TICK_MS))
  const wheel = createWheel<Subscription>(heartbeatTicks)
  let ticking: NodeJS.Timeout | undefined
  /** The last `cursor` frame: all quiet subscriptions at the head get the same text. */
  let last: { cursor: Cursor; text: string } | undefined

  function tick(): void {
    ticked()
    checkAll(wheel.take(clock()), 0)
  }

  function checkAll(due: readonly Subscription[], from: number): void {
    const to = Math.min(due.length, from + limits.writesPerTurn)
    for (const sub of due.slice(from, to)) check(sub)
    if (to < due.length) setImmediate(() => checkAll(due, to))
  }

  function check(sub: Subscription): void {
    if (sub.mode === 'closed') return
    const now = clock()
    if (now >= sub.expiresAt) return aged(sub)
    const isStalled = sub.mode === 'stalled'
    if (!isStalled && now - sub.writtenAt >= heartbeatTicks) beat(sub)
    const silentSince = isStalled ? now : sub.writtenAt
    wheel.add(sub, Math.min(sub.expiresAt, silentSince + heartbeatTicks))
  }

  function beat(sub: Subscription): void {
    const cursor = positionOf(sub)
    const sent = sub.mode === 'live' && sub.group.sent > sub.sent ? sub.group.sent : sub.sent
    if (cursor > sent) outlet.send(sub, sharedFrame(cursor), cursor)
    else outlet.write(sub, framedText(HEARTBEAT, sub.chunked), cursor)
  }

  function sharedFrame(cursor: Cursor): string {
    if (last?.cursor !== cursor) last = { cursor, text: cursorFrame(cursor) }
    return last.text
  }

  return {
    add(sub) {
      ticking ??= setInterval(tick, TICK_MS).unref()
      wheel.add(sub, Math.min(sub.expiresAt, clock() + heartbeatTicks))
    },
    delete: (sub) => wheel.delete(sub),
    rest() {
      clearInterval(ticking)
      ticking = undefined
    },
  }
}
