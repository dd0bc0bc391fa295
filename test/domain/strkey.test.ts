import { fc, test as property } from '@fast-check/vitest'
import { StrKey } from '@stellar/stellar-sdk/base'
import { describe, expect, test } from 'vitest'
import { decodeAddress, decodeSeed, encodeAddress, isContractId } from '../../src/domain/strkey.ts'

const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
const kind = fc.constantFrom<'account' | 'contract'>('account', 'contract')

describe('addresses', () => {
  property.prop([key])('addresses are encoded like the SDK encodes them', (bytes) => {
    expect(encodeAddress('account', bytes)).toBe(StrKey.encodeEd25519PublicKey(Buffer.from(bytes)))
    expect(encodeAddress('contract', bytes)).toBe(StrKey.encodeContract(Buffer.from(bytes)))
  })

  property.prop([kind, key])('an encoded address is decoded to the same key', (of, bytes) => {
    const text = encodeAddress(of, bytes)
    expect(decodeAddress(text)).toEqual({ kind: of, key: bytes })
    expect(isContractId(text)).toBe(of === 'contract')
  })

  property.prop([key])('a secret key is decoded to its seed, and is no address', (seed) => {
    const text = StrKey.encodeEd25519SecretSeed(Buffer.from(seed))
    expect(decodeSeed(text)).toEqual(seed)
    expect(decodeAddress(text)).toBeUndefined()
    expect(decodeSeed(encodeAddress('account', seed))).toBeUndefined()
  })

  property.prop([
    kind,
    key,
    fc.nat({ max: 55 }),
    fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.split('')),
  ])(
    'an address with one letter changed is valid only if the SDK says so',
    (of, bytes, at, letter) => {
      const text = encodeAddress(of, bytes)
      const changed = text.slice(0, at) + letter + text.slice(at + 1)
      const isValid = StrKey.isValidEd25519PublicKey(changed) || StrKey.isValidContract(changed)
      expect(decodeAddress(changed) !== undefined).toBe(isValid)
    },
  )

  test.each([
    '',
    'G',
    'SAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'gaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaawhf',
    `${encodeAddress('account', new Uint8Array(32))}A`,
    `${encodeAddress('account', new Uint8Array(32))}\n`,
  ])('%j is not an address', (text) => {
    expect(decodeAddress(text)).toBeUndefined()
  })
})
