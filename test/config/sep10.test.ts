import { StrKey } from '@stellar/stellar-sdk/base'
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config/config.ts'

const KEY = StrKey.encodeEd25519SecretSeed(Buffer.alloc(32, 7))
const COMPLETE = {
  SEP10_SIGNING_KEY: KEY,
  HOME_DOMAIN: 'flow.example.com',
  JWT_SECRET: 'a secret of at least thirty-two bytes',
}

test('the variables of SEP-10 belong together', () => {
  expect(parseConfig(COMPLETE)).toMatchObject({ sep10SigningKey: KEY, tokenSeconds: 86_400 })
  const { HOME_DOMAIN: _, ...homeless } = COMPLETE
  expect(() => parseConfig(homeless)).toThrow(/^SEP10_SIGNING_KEY needs HOME_DOMAIN: set it/)
  expect(() => parseConfig({ SEP10_SIGNING_KEY: KEY })).toThrow(/HOME_DOMAIN and JWT_SECRET/)
  expect(() => parseConfig({ HOME_DOMAIN: 'flow.example.com' })).not.toThrow()
})

test('a bad signing key is not repeated in the error', () => {
  const bad = `${KEY.slice(0, -1)}${KEY.endsWith('A') ? 'B' : 'A'}`
  expect(() => parseConfig({ ...COMPLETE, SEP10_SIGNING_KEY: bad })).toThrow(
    /^SEP10_SIGNING_KEY=\*\*\* is invalid: expected the secret key/,
  )
})

test.for([
  ['HOME_DOMAIN', 'https://flow.example.com'],
  ['HOME_DOMAIN', 'flow.example.com/'],
  ['HOME_DOMAIN', `${'a'.repeat(60)}.example`],
  ['TOKEN_SECONDS', '0'],
  ['TOKEN_SECONDS', '31536001'],
  ['TOKEN_SECONDS', '1.5'],
] as const)('%s=%s is refused', ([name, value]) => {
  expect(() => parseConfig({ ...COMPLETE, [name]: value })).toThrow(`${name}="${value}" is invalid`)
})
