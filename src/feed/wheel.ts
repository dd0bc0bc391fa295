/**
 * A timer wheel: deadlines of many items, checked by one timer. An item can be returned before its
 * deadline; the caller then adds it again, so that postponing a deadline costs nothing. Times are
 * whole ticks.
 */
export interface Wheel<T> {
  /** Returns the item from `take` at tick `at`, or earlier. */
  add(item: T, at: number): void
  delete(item: T): void
  /** Removes and returns what can be due by now. */
  take(now: number): T[]
}

/** A deadline further away than `span` ticks is returned once per span. */
export function createWheel<T extends { lookAt: number }>(span: number): Wheel<T> {
  const slots = Array.from({ length: span + 1 }, () => new Set<T>())
  /** The tick of the last `take`. */
  let taken = 0

  return {
    add(item, at) {
      item.lookAt = Math.min(Math.max(at, taken + 1), taken + span)
      slots[item.lookAt % slots.length]?.add(item)
    },
    delete(item) {
      slots[item.lookAt % slots.length]?.delete(item)
    },
    take(now) {
      const due: T[] = []
      for (let tick = Math.max(taken + 1, now - span); tick <= now; tick += 1) {
        const slot = slots[tick % slots.length]
        if (slot === undefined) continue
        for (const item of slot) due.push(item)
        slot.clear()
      }
      taken = Math.max(taken, now)
      return due
    },
  }
}
