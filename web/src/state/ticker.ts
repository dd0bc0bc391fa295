import { signal } from '@preact/signals'
import type { StreamEvent } from './shapes.ts'

/** The newest events, newest first. Events are collected for a moment, and shown together. */

export interface Shown {
  event: StreamEvent
  /** It was sent again after the line had been down. */
  isMissed: boolean
}

const MOST = 300
const COLLECT_MS = 80

export const ticker = signal<readonly Shown[]>([])
/** Since the page was opened. */
export const received = signal(0)

let pending: Shown[] = []
let timer: ReturnType<typeof setTimeout> | undefined

export function show(shown: Shown): void {
  pending.push(shown)
  // Timers of a hidden tab are slow. What would not be shown need not be kept.
  if (pending.length > 2 * MOST) flush()
  timer ??= setTimeout(flush, COLLECT_MS)
}

function flush(): void {
  clearTimeout(timer)
  timer = undefined
  const newest = pending.toReversed()
  received.value += pending.length
  pending = []
  merge(newest)
}

/** Adds what is not there yet, for example from a snapshot. */
export function merge(others: readonly Shown[]): void {
  const known = new Set(ticker.peek().map(({ event }) => event.id))
  const fresh = others.filter(({ event }) => !known.has(event.id))
  if (fresh.length === 0) return
  const all = [...fresh, ...ticker.peek()]
  // Text order is chain order.
  const sorted = all.sort((a, b) => (a.event.id < b.event.id ? 1 : -1))
  ticker.value = sorted.slice(0, MOST)
}

export function clear(): void {
  pending = []
  ticker.value = []
}
