/**
 * Values that can be taken out once, over all processes that share the vault: tickets, and the
 * challenges that were signed.
 */
export interface Vault {
  /**
   * Keeps a value until it is taken, or `expiresAt` (Unix milliseconds) has passed. Throws
   * VaultUnavailable.
   */
  put(key: string, value: string, expiresAt: number): Promise<void>
  /** The value, which is gone then; undefined if there is none, or none any more. */
  take(key: string): Promise<string | undefined>
  /**
   * True for the first who claims a key before it expires; false for everybody after. Throws
   * VaultUnavailable.
   */
  claim(key: string, life: Life): Promise<boolean>
}

/** Unix milliseconds. */
export interface Life {
  /** Before that nobody can have claimed the key. */
  issuedAt: number
  expiresAt: number
}

/** Nothing can be kept at the moment: the vault is full, or does not answer. */
export class VaultUnavailable extends Error {
  override name = 'VaultUnavailable'
}

/** So many of each kind at once: one is a hundred bytes or two, and lives for minutes. */
const MOST_KEYS = 100_000
/** Between two searches of a full vault for what has expired. */
const SWEEP_MS = 1_000

/**
 * A vault in this process's memory. Values and claims have a bound each: a flood of tickets keeps
 * nobody from signing in. Nothing makes room before it expires, because a claim that is forgotten
 * could be made again. What was issued before the vault began cannot be claimed: an earlier vault may
 * have given it away.
 */
export function createVault(now: () => number = Date.now, most = MOST_KEYS): Vault {
  const values = createShelf(now, most)
  const claims = createShelf(now, most)
  // Times of issue are in whole seconds.
  const beganAt = Math.floor(now() / 1_000) * 1_000

  return {
    put: async (key, value, expiresAt) => values.keep(key, value, expiresAt),
    take: async (key) => values.remove(key),
    async claim(key, { issuedAt, expiresAt }) {
      if (issuedAt < beganAt || claims.has(key)) return false
      claims.keep(key, '', expiresAt)
      return true
    },
  }
}

/** Values of one kind, until they expire. */
function createShelf(now: () => number, most: number) {
  const entries = new Map<string, { value: string; expiresAt: number }>()
  let sweptAt = -Infinity

  function sweep(): void {
    const time = now()
    if (time - sweptAt < SWEEP_MS) return
    sweptAt = time
    for (const [key, { expiresAt }] of entries) if (expiresAt <= time) entries.delete(key)
  }

  return {
    has: (key: string): boolean => (entries.get(key)?.expiresAt ?? 0) > now(),
    keep(key: string, value: string, expiresAt: number): void {
      if (entries.size >= most && !entries.has(key)) sweep()
      if (entries.size >= most && !entries.has(key)) throw new VaultUnavailable('the vault is full')
      entries.set(key, { value, expiresAt })
    },
    remove(key: string): string | undefined {
      const entry = entries.get(key)
      entries.delete(key)
      return entry !== undefined && entry.expiresAt > now() ? entry.value : undefined
    },
  }
}
