import { z } from 'zod'
import { UsageError } from '../domain/errors.ts'

/** Who may see what: the variables about tokens. */

/** So that a secret cannot be guessed: as many bytes as the signature has. */
const SECRET_BYTES = 32
const ADMIN_TOKEN_CHARACTERS = 32

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

export const ACCESS_SETTINGS = {
  auth: z
    .enum(['open', 'jwt'], { error: 'open or jwt' })
    .prefault('open')
    .describe('open: everybody sees everything; jwt: each token its own streams'),
  jwtSecrets: z
    .string()
    .transform(list)
    .refine((secrets) => secrets.length > 0 && secrets.every(isLong), {
      error: `one or several secrets of at least ${SECRET_BYTES} bytes each, comma-separated`,
    })
    .optional()
    .describe('secrets of HS256 tokens; the first one signs'),
  jwtJwksUrl: z
    .string()
    .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
      error: 'the URL (https: or http:) of a JSON Web Key Set',
    })
    .optional()
    .describe('public keys of RS256, ES256 and EdDSA tokens'),
  jwtIssuer: z.string().optional().describe('the iss that a token must have'),
  jwtAudience: z.string().optional().describe('the aud that a token must have'),
  adminSubjects: z
    .string()
    .transform(list)
    .prefault('')
    .describe('subjects of tokens that are administrators'),
  adminToken: z
    .string()
    .refine((text) => text.length >= ADMIN_TOKEN_CHARACTERS, {
      error: `a secret of at least ${ADMIN_TOKEN_CHARACTERS} characters`,
    })
    .optional()
    .describe('a bearer token that is an administrator, in both modes'),
}

/** What tokens are checked with. Throws UsageError if no token could ever be valid. */
export function requireKeys({ auth, jwtSecrets, jwtJwksUrl }: Keys): void {
  if (auth === 'open' || jwtSecrets !== undefined || jwtJwksUrl !== undefined) return
  throw new UsageError(
    'AUTH=jwt needs keys to check tokens with: set JWT_SECRET, JWT_JWKS_URL, or both',
  )
}

interface Keys {
  auth: 'open' | 'jwt'
  jwtSecrets?: readonly string[] | undefined
  jwtJwksUrl?: string | undefined
}

function isLong(secret: string): boolean {
  return Buffer.byteLength(secret) >= SECRET_BYTES
}
