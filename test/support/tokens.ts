import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import type { CryptoKey, JWTPayload } from 'jose'

/** Tokens of every kind, and the settings of a daemon that checks them. */

export const SECRET = 'a secret of at least thirty-two bytes'
export const ADMIN_TOKEN = 'an administrator token of 32 bytes'
export const ISSUER = 'https://issuer.example'
/** In ADMIN_SUBJECTS. */
const ADMIN_SUBJECT = 'operator'

export interface Issuer {
  /** What a daemon needs to check the tokens. */
  env: Record<string, string>
  /** A valid token; `claims` replace its own. */
  tokenOf(subject: string, claims?: JWTPayload): Promise<string>
  /** Tokens that are not valid, by what is wrong with them. */
  bad(subject: string): Promise<Record<string, string>>
  /** Tokens of administrators, by how they became that. */
  admins(): Promise<Record<string, string>>
  close(): void
}

/** Serves its public keys, so that all kinds of keys can be confused. */
export async function startIssuer(): Promise<Issuer> {
  const rsa = await generateKeyPair('RS256', { extractable: true })
  const keys = [{ ...(await exportJWK(rsa.publicKey)), alg: 'RS256', kid: 'rsa' }]
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const pem = await exportSPKI(rsa.publicKey)
  const inAnHour = Math.floor(Date.now() / 1_000) + 3_600

  const claimsOf = (sub: string, claims: JWTPayload): JWTPayload => ({
    sub,
    exp: inAnHour,
    iss: ISSUER,
    ...claims,
  })
  const bySecret = (sub: string, claims: JWTPayload = {}, secret = SECRET) =>
    signed(claimsOf(sub, claims), { alg: 'HS256', key: new TextEncoder().encode(secret) })
  const byKey = (sub: string) => signed(claimsOf(sub, {}), { alg: 'RS256', key: rsa.privateKey })

  return {
    env: {
      AUTH: 'jwt',
      JWT_SECRET: `${SECRET},another ${SECRET}`,
      JWT_JWKS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
      JWT_ISSUER: ISSUER,
      ADMIN_SUBJECTS: ADMIN_SUBJECT,
      ADMIN_TOKEN,
    },
    tokenOf: (subject, claims) =>
      claims === undefined ? byKey(subject) : bySecret(subject, claims),
    async bad(subject) {
      return {
        'of another secret': await bySecret(subject, {}, `not ${SECRET}`),
        'without a signature': new UnsecuredJWT(claimsOf(subject, {})).encode(),
        'signed with the public key as a secret': await bySecret(subject, {}, pem),
        'that has expired': await bySecret(subject, { exp: inAnHour - 3_600 - 31 }),
        'that is not valid yet': await bySecret(subject, { nbf: inAnHour }),
        'of another issuer': await bySecret(subject, { iss: 'https://other.example' }),
        'that is no token': 'abc',
        'that begins like ADMIN_TOKEN': ADMIN_TOKEN.slice(0, -1),
      }
    },
    admins: async () => ({
      'by scope': await bySecret('somebody', { scope: 'profile admin' }),
      'by ADMIN_SUBJECTS': await bySecret(ADMIN_SUBJECT),
      'by ADMIN_TOKEN': ADMIN_TOKEN,
    }),
    close: () => void server.close(),
  }
}

function signed(
  claims: JWTPayload,
  { alg, key }: { alg: string; key: CryptoKey | Uint8Array },
): Promise<string> {
  const kid = alg === 'RS256' ? { kid: 'rsa' } : {}
  return new SignJWT(claims).setProtectedHeader({ alg, ...kid }).sign(key)
}
