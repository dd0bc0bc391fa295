/**
 * Places that addresses share. While nobody else asks, one address may hold all of them. After another
 * address was refused, no address gets more than an equal share until the refused ones had their turn.
 * Nothing is ended to make room. Nobody is kept out for longer than one wait.
 */
export interface Room {
  /** Whether an address may have another place. If it may not, it is remembered for a while. */
  isFor(address: string): boolean
  enter(address: string): void
  leave(address: string): void
}

/** Far more than the `Retry-After` of a refusal. */
const REMEMBERED_MS = 10_000
/** Of a few dozen bytes each. */
const MOST_REMEMBERED = 1_000

export function createRoom({ most, now }: { most: number; now(): number }): Room {
  const held = new Map<string, number>()
  /** Until when each address that was refused is remembered, the oldest first. */
  const refused = new Map<string, number>()
  let total = 0

  function forgetOld(): void {
    const time = now()
    for (const [address, until] of refused) {
      if (until > time) return
      refused.delete(address)
    }
  }

  /** What each may have while others ask. */
  function share(address: string): number {
    const all = new Set([...held.keys(), ...refused.keys(), address])
    return Math.ceil(most / all.size)
  }

  function hasRoom(address: string): boolean {
    if (total >= most) return false
    const own = held.get(address) ?? 0
    const isContested = refused.size > (refused.has(address) ? 1 : 0)
    return !isContested || own < share(address)
  }

  return {
    isFor(address) {
      forgetOld()
      if (hasRoom(address)) return true
      refused.delete(address)
      if (refused.size < MOST_REMEMBERED) refused.set(address, now() + REMEMBERED_MS)
      return false
    },
    enter(address) {
      refused.delete(address)
      held.set(address, (held.get(address) ?? 0) + 1)
      total += 1
    },
    leave(address) {
      const left = (held.get(address) ?? 0) - 1
      if (left > 0) held.set(address, left)
      else held.delete(address)
      total -= 1
    },
  }
}
