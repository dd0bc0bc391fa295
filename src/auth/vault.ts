/**
 * Values that can be taken out once, over all processes that share the vault: tickets, and the
 * challenges that were signed.
 */
export interface Vault {
  /** Keeps a value until it is taken, or `expiresAt` (Unix milliseconds) has passed. */
  put(key: string, value: string, expiresAt: number): Promise<void>
  /** The value, which is gone then; undefined if there is none, or none any more. */
  take(key: string): Promise<string | undefined>
  /** True for the first who claims a key before it expires; false for everybody after. */
  claim(key: string, life: Life): Promise<boolean>
}

/** Unix milliseconds. */
export interface Life {
  /** Before that nobody can have claimed the key. */
  issuedAt: number
  expiresAt: number
}

/** So many keys at once: a key is a hundred bytes or two, and each lives for minutes. */
const MOST_KEYS = 100_000

/**
 * A vault in this process's memory. When it is full, the key that expires next makes room. What was
 * issued before it began cannot be claimed: an earlier vault may have given it away.
 */
export function createVault(now: () => number = Date.now, most = MOST_KEYS): Vault {
  const entries = new Map<string, { value: string; expiresAt: number }>()
  // Times of issue are in whole seconds.
  const beganAt = Math.floor(now() / 1_000) * 1_000

  function sweep(): void {
    const time = now()
    for (const [key, { expiresAt }] of entries) if (expiresAt <= time) entries.delete(key)
    // Keys are put in about the order in which they expire.
    for (const key of entries.keys()) {
      if (entries.size < most) break
      entries.delete(key)
    }
  }

  function keep(key: string, value: string, expiresAt: number): void {
    if (entries.size >= most) sweep()
    entries.set(key, { value, expiresAt })
  }

  function has(key: string): boolean {
    return (entries.get(key)?.expiresAt ?? 0) > now()
  }

  return {
    put: async (key, value, expiresAt) => keep(key, value, expiresAt),
    async take(key) {
      const entry = entries.get(key)
      entries.delete(key)
      return entry !== undefined && entry.expiresAt > now() ? entry.value : undefined
    },
    async claim(key, { issuedAt, expiresAt }) {
      if (issuedAt < beganAt || has(key)) return false
      keep(key, '', expiresAt)
      return true
    },
  }
}
