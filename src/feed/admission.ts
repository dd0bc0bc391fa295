import type { Places } from '../domain/places.ts'

/**
 * Why a subscription is refused. `full`, `replaying` and `closing` concern every client, `address`
 * and `user` only the one that asks.
 */
export type Refusal = 'full' | 'replaying' | 'address' | 'user' | 'closing'

export interface AdmissionLimits {
  maxSubscriptions: number
  maxSubscriptionsPerAddress: number
  maxSubscriptionsPerUser: number
  /** How many of all subscriptions can replay history at once; live ones do not count. */
  maxReplaying: number
}

/** The client that a subscription counts for. */
export interface Holder {
  address: string
  user: string | undefined
}

/** Counts subscriptions and says whether there is room for another. It never closes an open one. */
export interface Admission {
  /** `replaying`: it has something to replay. */
  refusal(holder: Holder, replaying: boolean): Refusal | undefined
  admit(holder: Holder, replaying: boolean): void
  /** A subscription that was admitted as replaying is live now. */
  caughtUp(): void
  /** `replaying`: it was admitted as replaying, and has not caught up. */
  release(holder: Holder, replaying: boolean): void
  /** Refuses every subscription from now on. */
  shut(): void
  stats(): {
    activeConnections: number
    maxConnections: number
    activeIps: number
    perIpPeakConnections: number
  }
}

export function createAdmission(limits: AdmissionLimits): Admission {
  const byAddress = new Map<string, number>()
  const byUser = new Map<string, number>()
  let active = 0
  let replayers = 0
  let isClosing = false

  return {
    refusal({ address, user }, replaying) {
      if (isClosing) return 'closing'
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
      increment(byAddress, address)
      if (user !== undefined) increment(byUser, user)
    },
    caughtUp() {
      replayers -= 1
    },
    release({ address, user }, replaying) {
      active -= 1
      if (replaying) replayers -= 1
      decrement(byAddress, address)
      if (user !== undefined) decrement(byUser, user)
    },
    shut() {
      isClosing = true
    },
    stats: () => ({
      activeConnections: active,
      maxConnections: limits.maxSubscriptions,
      activeIps: byAddress.size,
      perIpPeakConnections: byAddress.values().reduce((peak, each) => Math.max(peak, each), 0),
    }),
  }
}

/** Either why the holder is refused, or its place. */
export type Reserve = (
  holder: Holder,
) => Promise<
  { refusal: 'address' | 'user'; place?: undefined } | { refusal?: undefined; place: number }
>

/** Takes places among all processes. */
export function createReserve(places: Places, limits: AdmissionLimits): Reserve {
  return async ({ address, user }) => {
    const byAddress = { key: `address ${address}`, most: limits.maxSubscriptionsPerAddress }
    const byUser = { key: `user ${user}`, most: limits.maxSubscriptionsPerUser }
    const { id, full } = await places.take(user === undefined ? [byAddress] : [byAddress, byUser])
    if (full === undefined) return { place: id }
    return { refusal: full === byAddress.key ? 'address' : 'user' }
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function decrement(counts: Map<string, number>, key: string): void {
  const left = (counts.get(key) ?? 0) - 1
  if (left === 0) counts.delete(key)
  else counts.set(key, left)
}
