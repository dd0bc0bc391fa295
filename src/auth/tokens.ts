import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'
import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import type { Identity } from './identity.ts'
import { KeysUnavailable } from './keys-unavailable.ts'

export interface TokenSettings {
  /** Shared secrets; the first signs. */
  secrets: readonly string[]
  /** Where the public keys of an identity provider are. */
  jwksUrl?: string | undefined
  /** Checked when set, and written into the tokens that are issued. */
  issuer?: string | undefined
  audience?: string | undefined
  /** Subjects that are administrators. */
  adminSubjects?: readonly string[]
}

export interface Tokens {
  /** The token's bearer; undefined if the token is not valid. Throws KeysUnavailable. */
  verify(token: string): Promise<Identity | undefined>
  /** A token for a subject. Needs a secret. */
  issue(
    subject: string,
    seconds: number,
    /** Of these, `iss` gives way to JWT_ISSUER. */
    claims?: JWTPayload,
  ): Promise<{ token: string; expiresAt: number }>
}

/** Clocks differ: a token is admitted so long after it has expired, or before it is valid. */
const SKEW_SECONDS = 30
/** Beyond this there is no date. */
const LAST_SECOND = 8_640_000_000_000
const SECRET_ALGORITHM = 'HS256'
const PUBLIC_ALGORITHMS = ['RS256', 'ES256', 'EdDSA']

/** Checks and issues tokens. `now` is in Unix milliseconds. */
export function createTokens(
  { secrets, jwksUrl, issuer, audience, adminSubjects = [] }: TokenSettings,
  now: () => number = Date.now,
): Tokens {
  const keys = secrets.map((secret) => new TextEncoder().encode(secret))
  const remote = jwksUrl === undefined ? undefined : createRemoteJWKSet(new URL(jwksUrl))
  const admins = new Set(adminSubjects)
  const expected = {
    requiredClaims: ['exp', 'sub'],
    clockTolerance: SKEW_SECONDS,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  }

  async function payloadOf(token: string): Promise<JWTPayload | undefined> {
    // Which keys may be used follows from the algorithm, and each kind of key has its own: a
    // public key is never taken for a secret.
    const algorithm = algorithmOf(token)
    if (algorithm === SECRET_ALGORITHM) return payloadBySecret(token)
    if (algorithm === undefined || !PUBLIC_ALGORITHMS.includes(algorithm)) return undefined
    return remote && payloadByPublicKey(token, remote)
  }

  async function payloadBySecret(token: string): Promise<JWTPayload | undefined> {
    const options = { ...expected, algorithms: [SECRET_ALGORITHM], currentDate: new Date(now()) }
    for (const key of keys) {
      try {
        return (await jwtVerify(token, key, options)).payload
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw error
      }
    }
    return undefined
  }

  async function payloadByPublicKey(
    token: string,
    getKey: JWTVerifyGetKey,
  ): Promise<JWTPayload | undefined> {
    const options = { ...expected, algorithms: PUBLIC_ALGORITHMS, currentDate: new Date(now()) }
    try {
      return (await jwtVerify(token, getKey, options)).payload
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys) return payloadByAny(token, error)
      if (isKnownBad(error)) return undefined
      throw new KeysUnavailable('the keys at JWT_JWKS_URL cannot be read', { cause: error })
    }
  }

  async function payloadByAny(
    token: string,
    candidates: errors.JWKSMultipleMatchingKeys,
  ): Promise<JWTPayload | undefined> {
    const options = { ...expected, algorithms: PUBLIC_ALGORITHMS, currentDate: new Date(now()) }
    for await (const key of candidates) {
      try {
        return (await jwtVerify(token, key, options)).payload
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw error
      }
    }
    return undefined
  }

  function identityOf({ sub, exp, scope }: JWTPayload): Identity | undefined {
    if (typeof sub !== 'string' || sub === '' || exp === undefined) return undefined
    const scopes = typeof scope === 'string' ? scope.split(' ') : []
    const admin = admins.has(sub) || scopes.includes('admin')
    const expiresAt = Math.min(exp, LAST_SECOND) * 1_000
    return {
      subject: sub,
      admin,
      seesAll: admin || scopes.includes('events:all'),
      // One that was admitted within the skew has the skew's time.
      expiresAt: expiresAt > now() ? expiresAt : expiresAt + SKEW_SECONDS * 1_000,
    }
  }

  return {
    async verify(token) {
      const payload = await payloadOf(token)
      return payload && identityOf(payload)
    },
    async issue(subject, seconds, more = {}) {
      const key = keys[0]
      if (key === undefined) throw new Error('a token cannot be issued without JWT_SECRET')
      const issuedAt = Math.floor(now() / 1_000)
      const expiresAt = issuedAt + seconds
      const claims = new SignJWT(more)
        .setProtectedHeader({ alg: SECRET_ALGORITHM, typ: 'JWT' })
        .setSubject(subject)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
      if (issuer !== undefined) claims.setIssuer(issuer)
      if (audience !== undefined) claims.setAudience(audience)
      return { token: await claims.sign(key), expiresAt: expiresAt * 1_000 }
    },
  }
}

function algorithmOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg
  } catch {
    return undefined
  }
}

/** Errors that say something about the token; any other is about fetching the keys. */
function isKnownBad(error: unknown): boolean {
  const about = [
    errors.JWTClaimValidationFailed,
    errors.JWTExpired,
    errors.JWTInvalid,
    errors.JWSInvalid,
    errors.JWSSignatureVerificationFailed,
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
    errors.JWKSNoMatchingKey,
  ]
  return about.some((kind) => error instanceof kind)
}
