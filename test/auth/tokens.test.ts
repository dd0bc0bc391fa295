import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import type { CryptoKey } from 'jose'
import { describe, expect, onTestFinished, test } from 'vitest'
import { KeysUnavailable } from '../../src/auth/keys-unavailable.ts'
import { createTokens } from '../../src/auth/tokens.ts'
import type { TokenSettings } from '../../src/auth/tokens.ts'

const SECRET = 'a secret of at least thirty-two bytes'
const SUBJECT = 'GBRPYHIL2CI3FNQ4BXLFMNDLFJUNPU2HY3ZMFSHONUCEOASW7QC7OX2H'
const NOW = 1_700_000_000
const now = () => NOW * 1_000

function tokensOf(settings: Partial<TokenSettings> = {}) {
  return createTokens({ secrets: [SECRET], ...settings }, now)
}

async function signed(
  claims: Record<string, unknown>,
  { secret = SECRET, alg = 'HS256' }: { secret?: string; alg?: string } = {},
): Promise<string> {
  const token = new SignJWT({ sub: SUBJECT, exp: NOW + 60, ...claims }).setProtectedHeader({ alg })
  return token.sign(new TextEncoder().encode(secret))
}

describe('a token signed with a shared secret', () => {
  test('names its subject, who sees their own streams until the token expires', async () => {
    expect(await tokensOf().verify(await signed({}))).toEqual({
      subject: SUBJECT,
      seesAll: false,
      admin: false,
      expiresAt: (NOW + 60) * 1_000,
    })
  })

  test.for([
    ['events:all', { seesAll: true, admin: false }],
    ['profile events:all', { seesAll: true, admin: false }],
    ['admin', { seesAll: true, admin: true }],
    ['events:allx xadmin', { seesAll: false, admin: false }],
  ] as const)('with the scope "%s" gives what that scope gives', async ([scope, rights]) => {
    expect(await tokensOf().verify(await signed({ scope }))).toMatchObject(rights)
  })

  test('of a subject in ADMIN_SUBJECTS is an administrator', async () => {
    const tokens = tokensOf({ adminSubjects: [SUBJECT] })
    expect(await tokens.verify(await signed({}))).toMatchObject({ admin: true, seesAll: true })
  })

  test('is valid with every secret, and issued with the first', async () => {
    const older = 'another secret of at least 32 bytes'
    const rotated = tokensOf({ secrets: [SECRET, older] })
    expect(await rotated.verify(await signed({}, { secret: older }))).toBeDefined()
    const { token, expiresAt } = await rotated.issue(SUBJECT, 60)
    expect(expiresAt).toBe((NOW + 60) * 1_000)
    expect(await tokensOf().verify(token)).toMatchObject({ subject: SUBJECT, expiresAt })
    expect(await tokensOf({ secrets: [older] }).verify(token)).toBeUndefined()
  })

  test('that is issued carries the issuer and the audience', async () => {
    const tokens = tokensOf({ issuer: 'https://flow.example', audience: 'flowfi' })
    const { token } = await tokens.issue(SUBJECT, 60)
    expect(await tokens.verify(token)).toBeDefined()
    expect(await tokensOf({ issuer: 'https://other.example' }).verify(token)).toBeUndefined()
  })

  test('is admitted 30 seconds after it expired, and then ends 30 seconds after that time', async () => {
    const late = await tokensOf().verify(await signed({ exp: NOW - 29 }))
    expect(late?.expiresAt).toBe((NOW + 1) * 1_000)
  })

  test.for<[string, () => string | Promise<string>]>([
    ['was signed with another secret', () => signed({}, { secret: `${SECRET}!` })],
    ['uses another algorithm of the family', () => signed({}, { alg: 'HS384' })],
    ['expired longer ago than clocks differ', () => signed({ exp: NOW - 31 })],
    ['is not valid yet', () => signed({ nbf: NOW + 31 })],
    ['has no expiry', () => signed({ exp: undefined })],
    ['has no subject', () => signed({ sub: undefined })],
    ['has an empty subject', () => signed({ sub: '' })],
    ['is not signed at all', () => new UnsecuredJWT({ sub: SUBJECT, exp: NOW + 60 }).encode()],
    ['is no token', () => 'abc'],
    ['is empty', () => ''],
    ['has a broken header', () => `${btoa('{')}.${btoa('{}')}.`],
  ])('is not valid when it %s', async ([, make]) => {
    expect(await tokensOf().verify(await make())).toBeUndefined()
  })

  test.for([
    ['issuer', { issuer: 'https://flow.example' }, { iss: 'https://evil.example' }],
    ['issuer', { issuer: 'https://flow.example' }, {}],
    ['audience', { audience: 'flowfi' }, { aud: 'other' }],
    ['audience', { audience: 'flowfi' }, {}],
  ] as const)('is not valid with a wrong or missing %s (%#)', async ([, settings, claims]) => {
    expect(await tokensOf(settings).verify(await signed(claims))).toBeUndefined()
  })
})

describe('a token signed by an identity provider', () => {
  async function provider(algorithms: readonly string[], { withKids = true } = {}) {
    const pairs = await Promise.all(
      algorithms.map((alg) => generateKeyPair(alg, { extractable: true })),
    )
    const keys = await Promise.all(
      pairs.map(async ({ publicKey }, at) => ({
        ...(await exportJWK(publicKey)),
        alg: algorithms[at],
        ...(withKids && { kid: String(at) }),
      })),
    )
    const server = createServer((_, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
    return { jwksUrl, server, pairs }
  }

  async function signedBy(privateKey: CryptoKey, alg: string, kid?: string): Promise<string> {
    return new SignJWT({ sub: SUBJECT, exp: NOW + 60 })
      .setProtectedHeader({ alg, ...(kid !== undefined && { kid }) })
      .sign(privateKey)
  }

  test.for(['RS256', 'ES256', 'EdDSA'])('is valid with %s', async (alg) => {
    const { jwksUrl, pairs } = await provider([alg])
    const tokens = tokensOf({ secrets: [], jwksUrl })
    const token = await signedBy(pairs[0]!.privateKey, alg, '0')
    expect(await tokens.verify(token)).toMatchObject({ subject: SUBJECT })
  })

  test('is valid beside tokens with a shared secret', async () => {
    const { jwksUrl, pairs } = await provider(['ES256'])
    const tokens = tokensOf({ jwksUrl })
    expect(await tokens.verify(await signed({}))).toBeDefined()
    expect(await tokens.verify(await signedBy(pairs[0]!.privateKey, 'ES256', '0'))).toBeDefined()
  })

  test('is checked with each key that may have signed it', async () => {
    const { jwksUrl, pairs } = await provider(['RS256', 'RS256'], { withKids: false })
    const tokens = tokensOf({ secrets: [], jwksUrl })
    for (const { privateKey } of pairs) {
      expect(await tokens.verify(await signedBy(privateKey, 'RS256'))).toBeDefined()
    }
    const stranger = await generateKeyPair('RS256')
    expect(await tokens.verify(await signedBy(stranger.privateKey, 'RS256'))).toBeUndefined()
  })

  test('is not valid when the public key was used as a shared secret', async () => {
    const { jwksUrl, pairs } = await provider(['RS256'])
    const pem = await exportSPKI(pairs[0]!.publicKey)
    const forged = await signed({}, { secret: pem })
    expect(await tokensOf({ secrets: [], jwksUrl }).verify(forged)).toBeUndefined()
    expect(await tokensOf({ jwksUrl }).verify(forged)).toBeUndefined()
  })

  test('is not valid without JWT_JWKS_URL, or with a key that is not there', async () => {
    const { jwksUrl, pairs } = await provider(['ES256'])
    const token = await signedBy(pairs[0]!.privateKey, 'ES256', 'other')
    expect(await tokensOf().verify(token)).toBeUndefined()
    expect(await tokensOf({ jwksUrl }).verify(token)).toBeUndefined()
  })

  test('is neither valid nor invalid while the keys cannot be read', async () => {
    const { jwksUrl, server, pairs } = await provider(['ES256'])
    await new Promise((resolve) => server.close(resolve))
    const token = await signedBy(pairs[0]!.privateKey, 'ES256', '0')
    await expect(tokensOf({ jwksUrl }).verify(token)).rejects.toThrow(KeysUnavailable)
  })
})
