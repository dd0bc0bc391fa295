/** Why there is no place: `full` and `closing` concern everyone, `address` the asker alone. */
export type Refusal = 'full' | 'address' | 'closing'

export interface Admission {
  refusal(address: string): Refusal | undefined
  admit(address: string): void
  release(address: string): void
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
export function createAdmission(limits: {
  maxSubscriptions: number
  maxSubscriptionsPerAddress: number
}): Admission {
  const { maxSubscriptions, maxSubscriptionsPerAddress } = limits
  const byAddress = new Map<string, number>()
  let active = 0
  let closing = false

  return {
    refusal(address) {
      if (closing) return 'closing'
      if (active >= maxSubscriptions) return 'full'
      return (byAddress.get(address) ?? 0) >= maxSubscriptionsPerAddress ? 'address' : undefined
    },
    admit(address) {
      active += 1
      byAddress.set(address, (byAddress.get(address) ?? 0) + 1)
    },
    release(address) {
      active -= 1
      const left = (byAddress.get(address) ?? 1) - 1
      if (left === 0) byAddress.delete(address)
      else byAddress.set(address, left)
    },
    shut() {
      closing = true
    },
    stats: () => ({
      activeConnections: active,
      maxConnections: maxSubscriptions,
      activeIps: byAddress.size,
      perIpPeakConnections: byAddress.values().reduce((peak, count) => Math.max(peak, count), 0),
    }),
  }
}
