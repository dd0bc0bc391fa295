/**
 * One timer's worth of deadlines for all: each is looked at when it may be due and says when to
 * look again, so that putting one off costs nothing. Times are whole ticks.
 */
export interface Wheel<T> {
  /** Looks at it at that tick, or sooner. */
  add(item: T, at: number): void
  delete(item: T): void
  /** What may be due by now; what is not is to be added again. */
  take(now: number): T[]
}

/** Deadlines further off than the `span` are looked at once a span. */
export function createWheel<T extends { lookAt: number }>(span: number): Wheel<T> {
  const slots = Array.from({ length: span + 1 }, () => new Set<T>())
  let turned = 0

  return {
    add(item, at) {
      item.lookAt = Math.min(Math.max(at, turned + 1), turned + span)
      slots[item.lookAt % slots.length]?.add(item)
    },
    delete(item) {
      slots[item.lookAt % slots.length]?.delete(item)
    },
    take(now) {
      const due: T[] = []
      for (let tick = Math.max(turned + 1, now - span); tick <= now; tick += 1) {
        const slot = slots[tick % slots.length]
        if (slot === undefined) continue
        for (const item of slot) due.push(item)
        slot.clear()
      }
      turned = Math.max(turned, now)
      return due
    },
  }
}
