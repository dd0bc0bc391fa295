import { fc, test as property } from '@fast-check/vitest'
import { StrKey } from '@stellar/stellar-sdk/base'
import { describe, expect, test } from 'vitest'
import { decodeAddress, encodeAddress, isContractId } from '../../src/domain/strkey.ts'

const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
const kind = fc.constantFrom<'account' | 'contract'>('account', 'contract')

describe('addresses', () => {
  property.prop([key])('are written as the SDK writes them', (bytes) => {
    expect(encodeAddress('account', bytes)).toBe(StrKey.encodeEd25519PublicKey(Buffer.from(bytes)))
    expect(encodeAddress('contract', bytes)).toBe(StrKey.encodeContract(Buffer.from(bytes)))
  })

  property.prop([kind, key])('are read as they were written', (of, bytes) => {
    const text = encodeAddress(of, bytes)
    expect(decodeAddress(text)).toEqual({ kind: of, key: bytes })
    expect(isContractId(text)).toBe(of === 'contract')
  })

  property.prop([
    kind,
    key,
    fc.nat({ max: 55 }),
    fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.split('')),
  ])('with one letter changed are legal only where the SDK says so', (of, bytes, at, letter) => {
    const text = encodeAddress(of, bytes)
    const changed = text.slice(0, at) + letter + text.slice(at + 1)
    const legal = StrKey.isValidEd25519PublicKey(changed) || StrKey.isValidContract(changed)
    expect(decodeAddress(changed) !== undefined).toBe(legal)
  })

  test.each([
    '',
    'G',
    'SAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'gaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaawhf',
    `${encodeAddress('account', new Uint8Array(32))}A`,
    `${encodeAddress('account', new Uint8Array(32))}\n`,
  ])('%j is not one', (text) => {
    expect(decodeAddress(text)).toBeUndefined()
  })
})
