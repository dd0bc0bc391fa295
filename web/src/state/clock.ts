import { signal } from '@preact/signals'

/**
 * The chain's time: the close time of the newest ledger that the page has heard of, plus the time
 * since by the visitor's clock. Streams accrue by whole seconds, so it moves by whole seconds.
 */

let base = { chainSeconds: 0, heardAt: 0 }

/** Unix seconds; 0 before a ledger is known. */
export const chainTime = signal(0)

export function heardOf(chainSeconds: number): void {
  if (chainSeconds <= base.chainSeconds) return
  base = { chainSeconds, heardAt: performance.now() }
  tick()
}

function tick(): void {
  if (base.chainSeconds === 0) return
  const since = Math.floor((performance.now() - base.heardAt) / 1_000)
  chainTime.value = Math.max(chainTime.value, base.chainSeconds + since)
}

/** Seconds that pass for the visitor; for "12 s ago". */
export const seconds = signal(Math.floor(performance.now() / 1_000))

setInterval(() => {
  seconds.value = Math.floor(performance.now() / 1_000)
  tick()
}, 250)
