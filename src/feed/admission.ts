/**
 * Why there is no place: `full`, `replaying` and `closing` concern everyone, `address` and `user`
 * the asker alone.
 */
export type Refusal = 'full' | 'replaying' | 'address' | 'user' | 'closing'

export interface AdmissionLimits {
  maxSubscriptions: number
  maxSubscriptionsPerAddress: number
  maxSubscriptionsPerUser: number
  /** Of all, how many may be catching up with the log at once when another wants to. */
  maxReplaying: number
}

/** Whose place it is. */
export interface Holder {
  address: string
  user: string | undefined
}

export interface Admission {
  /** `replaying`: it has something to catch up with. */
  refusal(holder: Holder, replaying: boolean): Refusal | undefined
  admit(holder: Holder, replaying: boolean): void
  /** It has caught up: its place is among the live ones from here on. */
  caughtUp(): void
  release(holder: Holder, replaying: boolean): void
  /** Admits nobody from here on. */
  shut(): void
  stats(): {
    activeConnections: number
    maxConnections: number
    activeIps: number
    perIpPeakConnections: number
  }
}

/** Places for subscriptions: refused when taken, never taken away. */
export function createAdmission(limits: AdmissionLimits): Admission {
  const byAddress = new Map<string, number>()
  const byUser = new Map<string, number>()
  let active = 0
  let replayers = 0
  let closing = false

  return {
    refusal({ address, user }, replaying) {
      if (closing) return 'closing'
      if (active >= limits.maxSubscriptions) return 'full'
      if ((byAddress.get(address) ?? 0) >= limits.maxSubscriptionsPerAddress) return 'address'
      if (user !== undefined && (byUser.get(user) ?? 0) >= limits.maxSubscriptionsPerUser) {
        return 'user'
      }
      return replaying && replayers >= limits.maxReplaying ? 'replaying' : undefined
    },
    admit({ address, user }, replaying) {
      active += 1
      if (replaying) replayers += 1
      count(byAddress, address, 1)
      if (user !== undefined) count(byUser, user, 1)
    },
    caughtUp() {
      replayers -= 1
    },
    release({ address, user }, replaying) {
      active -= 1
      if (replaying) replayers -= 1
      count(byAddress, address, -1)
      if (user !== undefined) count(byUser, user, -1)
    },
    shut() {
      closing = true
    },
    stats: () => ({
      activeConnections: active,
      maxConnections: limits.maxSubscriptions,
      activeIps: byAddress.size,
      perIpPeakConnections: byAddress.values().reduce((peak, each) => Math.max(peak, each), 0),
    }),
  }
}

function count(places: Map<string, number>, holder: string, change: 1 | -1): void {
  const left = (places.get(holder) ?? 0) + change
  if (left === 0) places.delete(holder)
  else places.set(holder, left)
}
