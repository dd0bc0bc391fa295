import { createHash } from 'node:crypto'
import type { Identity } from './identity.ts'
import type { Tokens } from './tokens.ts'

/** So long a key that was withdrawn still counts. */
const MOST_MS = 60_000
/** Of a few hundred bytes each. */
const MOST_TOKENS = 1_000

/**
 * Checks tokens, and remembers for a minute those that are valid: to check a signature takes longer
 * than most answers. Their digests are remembered, not the tokens.
 */
export function rememberValid(
  verify: Tokens['verify'],
  now: () => number,
  most = MOST_TOKENS,
): Tokens['verify'] {
  const known = new Map<string, { identity: Identity; until: number }>()

  function remember(key: string, identity: Identity): void {
    known.delete(key)
    // The one that has been known for longest makes room.
    const [oldest] = known.keys()
    if (oldest !== undefined && known.size >= most) known.delete(oldest)
    const { expiresAt = Infinity } = identity
    known.set(key, { identity, until: Math.min(expiresAt, now() + MOST_MS) })
  }

  return async (token) => {
    const key = createHash('sha256').update(token).digest('base64url')
    const found = known.get(key)
    if (found !== undefined && now() < found.until) return found.identity
    const identity = await verify(token)
    if (identity !== undefined) remember(key, identity)
    return identity
  }
}
