import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readCredentials } from './credentials.ts'
import type { Carriers } from './credentials.ts'
import { PUBLIC } from './identity.ts'
import type { Identity } from './identity.ts'
import { KeysUnavailable } from './keys-unavailable.ts'
import { rememberValid } from './remembered.ts'
import type { Tokens, TokenSettings } from './tokens.ts'
import { createVault } from './vault.ts'
import type { Vault } from './vault.ts'

export interface AccessSettings extends TokenSettings {
  mode: 'open' | 'jwt'
  adminToken?: string | undefined
}

/**
 * What is known of a request's sender: an identity, nobody (no credentials), credentials that are
 * not valid, or credentials that cannot be checked at the moment.
 */
export type Sender = Identity | 'nobody' | 'invalid' | 'unavailable'

export interface Access {
  mode: 'open' | 'jwt'
  /** Whether `ADMIN_TOKEN` is set. */
  hasAdminToken: boolean
  tokens: Tokens
  /** What may be used once, over all processes that serve. */
  vault: Vault
  /** In open mode bad credentials are ignored, and nobody is `PUBLIC`. */
  senderOf(carriers: Carriers): Promise<Sender>
  /** Gives a ticket back for a moment, to be taken again at once; nothing else is used up. */
  giveBack(carriers: Carriers, identity: Identity): Promise<void>
  /** A ticket for the feed. `expiresAt` is in Unix milliseconds. */
  ticketFor(identity: Identity): Promise<{ ticket: string; expiresAt: number }>
}

const TICKET_MS = 60_000
const MOMENT_MS = 1_000

export interface AccessDeps {
  /** Shared by all processes that serve. */
  vault?: Vault
  now?: () => number
  /** Called when tokens cannot be checked, at most once a minute. */
  keysFailed?: (error: KeysUnavailable) => void
}

const QUIET_MS = 60_000

export function createAccess(settings: AccessSettings, deps: AccessDeps = {}): Access {
  const { mode, adminToken } = settings
  const { now = Date.now, keysFailed = () => {} } = deps
  const { vault = createVault(now) } = deps
  const tokens = loadTokens(settings, now)
  const verify = rememberValid(tokens.verify, now)
  let failedAt = -Infinity
  const isAdminToken = createSecretCheck(adminToken)

  async function identify(carriers: Carriers): Promise<Sender> {
    const credentials = readCredentials(carriers)
    if (credentials.kind === 'none') return 'nobody'
    if (credentials.kind === 'token') {
      const { token, isBearer } = credentials
      if (isBearer && isAdminToken(token)) return ADMINISTRATOR
      if (mode === 'open') return 'invalid'
      return (await verify(token)) ?? 'invalid'
    }
    if (mode === 'open') return 'invalid'
    const kept = await vault.take(ticketKey(credentials.ticket))
    return kept === undefined ? 'invalid' : (JSON.parse(kept) as Identity)
  }

  function keep(ticket: string, identity: Identity, expiresAt: number): Promise<void> {
    return vault.put(ticketKey(ticket), JSON.stringify(identity), expiresAt)
  }

  return {
    mode,
    hasAdminToken: adminToken !== undefined,
    tokens,
    vault,
    async senderOf(carriers) {
      try {
        const sender = await identify(carriers)
        return mode === 'open' && typeof sender === 'string' ? PUBLIC : sender
      } catch (error) {
        if (!(error instanceof KeysUnavailable)) throw error
        if (now() - failedAt >= QUIET_MS) {
          failedAt = now()
          keysFailed(error)
        }
        return 'unavailable'
      }
    },
    async giveBack(carriers, identity) {
      const credentials = readCredentials(carriers)
      if (credentials.kind !== 'ticket') return
      await keep(credentials.ticket, identity, now() + MOMENT_MS)
    },
    async ticketFor(identity) {
      const ticket = randomBytes(32).toString('base64url')
      const expiresAt = Math.min(now() + TICKET_MS, identity.expiresAt ?? Infinity)
      await keep(ticket, identity, expiresAt)
      return { ticket, expiresAt }
    },
  }
}

/** The library for tokens takes time and memory to load, and open mode rarely needs it. */
function loadTokens(settings: AccessSettings, now: () => number): Tokens {
  const load = async () => (await import('./tokens.ts')).createTokens(settings, now)
  let loaded = settings.mode === 'jwt' ? load() : undefined
  return {
    verify: async (token) => (await (loaded ??= load())).verify(token),
    issue: async (...parts) => (await (loaded ??= load())).issue(...parts),
  }
}

const ADMINISTRATOR: Identity = {
  subject: null,
  seesAll: true,
  admin: true,
  expiresAt: undefined,
}

/** The ticket itself is kept nowhere. */
function ticketKey(ticket: string): string {
  return `ticket:${createHash('sha256').update(ticket).digest('base64url')}`
}

/** Compares in constant time. */
function createSecretCheck(secret: string | undefined): (given: string) => boolean {
  if (secret === undefined) return () => false
  const expected = digest(secret)
  return (given) => timingSafeEqual(digest(given), expected)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
