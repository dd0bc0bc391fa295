import { ledgerOf } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import { block, framedText, HEARTBEAT } from './frame.ts'
import { TICK_MS } from './outlet.ts'
import type { Outlet } from './outlet.ts'
import type { Subscription } from './subscription.ts'
import { createWheel } from './wheel.ts'

/** Silence and age of all subscriptions, looked at by one timer. */
export interface Heartbeat {
  add(sub: Subscription): void
  delete(sub: Subscription): void
  /** Ends the timer; the next `add` starts it again. */
  rest(): void
}

export function createHeartbeat(deps: {
  heartbeatMs: number
  clock(): number
  outlet: Outlet
  positionOf(sub: Subscription): Cursor
  /** Subscriptions looked at before the event loop gets its turn. */
  writesPerTurn: number
  /** Each tick, before anything else. */
  ticked(): void
  /** It has reached its maximum age. */
  aged(sub: Subscription): void
}): Heartbeat {
  const { heartbeatMs, clock, outlet, positionOf, writesPerTurn, ticked, aged } = deps
  const heartbeatTicks = Math.max(1, Math.round(heartbeatMs / TICK_MS))
  const wheel = createWheel<Subscription>(heartbeatTicks)
  let ticking: NodeJS.Timeout | undefined
  /** Of the last `cursor` frame: every quiet filter at the head gets the same bytes. */
  let told: { cursor: Cursor; text: string } | undefined

  function tick(): void {
    ticked()
    check(wheel.take(clock()), 0)
  }

  function check(due: readonly Subscription[], from: number): void {
    const to = Math.min(due.length, from + writesPerTurn)
    for (const sub of due.slice(from, to)) checkOne(sub)
    if (to < due.length) setImmediate(() => check(due, to))
  }

  function checkOne(sub: Subscription): void {
    if (sub.mode === 'closed') return
    const now = clock()
    if (now >= sub.expiresAt) return aged(sub)
    const stalled = sub.mode === 'stalled'
    if (!stalled && now - sub.writtenAt >= heartbeatTicks) beat(sub)
    const silentFrom = stalled ? now : sub.writtenAt
    wheel.add(sub, Math.min(sub.expiresAt, silentFrom + heartbeatTicks))
  }

  function beat(sub: Subscription): void {
    const cursor = positionOf(sub)
    const sent = sub.mode === 'live' && sub.group.sent > sub.sent ? sub.group.sent : sub.sent
    if (cursor > sent) outlet.send(sub, positionFrame(cursor), cursor, cursor)
    else outlet.write(sub, framedText(HEARTBEAT, sub.chunked), cursor)
  }

  function positionFrame(cursor: Cursor): string {
    if (told?.cursor === cursor) return told.text
    const text = block({ event: 'cursor', data: { cursor, ledger: ledgerOf(cursor) }, id: cursor })
    told = { cursor, text }
    return text
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
