import { z } from 'zod'
import { UsageError } from '../domain/errors.ts'
import { decodeSeed } from '../domain/strkey.ts'

/** The variables about SEP-10: tokens for those who can sign for a Stellar account. */

/** A challenge has room for a name of 64 bytes, which ends in " auth". */
const MOST_DOMAIN_LETTERS = 59
const HOST = /^[a-z\d](?:[a-z\d.-]*[a-z\d])?(?::\d{1,5})?$/i
const YEAR = 31_536_000

export const SEP10_SETTINGS = {
  sep10SigningKey: z
    .string()
    .refine((text) => decodeSeed(text) !== undefined, {
      error: 'the secret key of a Stellar account, S… of 56 characters with a valid checksum',
    })
    .optional()
    .describe('the secret key (S…) that signs SEP-10 challenges'),
  homeDomain: z
    .string()
    .refine((text) => text.length <= MOST_DOMAIN_LETTERS && HOST.test(text), {
      error: `the domain at which this daemon is reached, such as flow.example.com, at most ${MOST_DOMAIN_LETTERS} characters`,
    })
    .optional()
    .describe('the domain at which wallets find this daemon'),
  tokenSeconds: z
    .string()
    .refine((text) => /^[1-9]\d{0,7}$/.test(text) && Number(text) <= YEAR, {
      error: `a whole number from 1 to ${YEAR}`,
    })
    .transform(Number)
    .prefault('86400')
    .describe('how long a token from /auth is valid'),
}

interface Settings {
  sep10SigningKey?: string | undefined
  homeDomain?: string | undefined
  jwtSecrets?: readonly string[] | undefined
}

/** Throws UsageError if there is a key for challenges, and something else is missing. */
export function requireSep10({ sep10SigningKey, homeDomain, jwtSecrets }: Settings): void {
  if (sep10SigningKey === undefined) return
  const missing = [
    ...(homeDomain === undefined ? ['HOME_DOMAIN'] : []),
    ...(jwtSecrets === undefined ? ['JWT_SECRET'] : []),
  ]
  if (missing.length === 0) return
  throw new UsageError(
    `SEP10_SIGNING_KEY needs ${missing.join(' and ')}: set ${missing.length > 1 ? 'them' : 'it'}, or leave SEP10_SIGNING_KEY out`,
  )
}
