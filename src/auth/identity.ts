import type { EventFilter } from '../domain/filter.ts'

/**
 * Who sends a request, and what follows from it. A folder of its own between the domain and HTTP:
 *
 * - `identity.ts`: what an identity may see. Pure.
 * - `credentials.ts`: which token a request carries. Pure.
 * - `tokens.ts`: checks and issues JSON Web Tokens.
 * - `remembered.ts`: tokens that were valid a moment ago.
 * - `keys-unavailable.ts`: why a token cannot be checked.
 * - `vault.ts`: what may be used once: tickets, signed challenges.
 * - `sep10/`: a token for those who can sign for a Stellar account.
 * - `access.ts`: from a request's credentials to an identity or a refusal.
 */

export interface Identity {
  /** The token's `sub`; null for an administrator by `ADMIN_TOKEN`, and in open mode. */
  subject: string | null
  /** Sees every event and stream, not only the subject's own. */
  seesAll: boolean
  admin: boolean
  /** Unix milliseconds at which a subscription of this identity ends; undefined: never. */
  expiresAt: number | undefined
}

/** In open mode: the chain's data is public. */
export const PUBLIC: Identity = {
  subject: null,
  seesAll: true,
  admin: false,
  expiresAt: undefined,
}

/** Whose streams and events alone the identity may see; undefined: everybody's. */
export function partyOf({ seesAll, subject }: Identity): string | undefined {
  return seesAll ? undefined : (subject ?? '')
}

/** Whether a party may see a stream or an event. */
export function isVisible({ sender, recipient }: Parties, party: string | undefined): boolean {
  return party === undefined || party === sender || party === recipient
}

interface Parties {
  sender: string | null
  recipient: string | null
}

/** The part of a filter that the identity may see. A filter never shows more than that. */
export function narrow(filter: EventFilter, identity: Identity): EventFilter {
  const party = partyOf(identity)
  if (party === undefined) return filter
  const { streams, users, types } = filter
  // Filters that mean the same are the same, because the feed shares bytes between equal filters.
  const isAll = streams.length === 0 && users.every((user) => user === party)
  return isAll ? { streams, users: [party], types } : { ...filter, party }
}
