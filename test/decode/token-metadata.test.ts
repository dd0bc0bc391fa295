import { fc, test as property } from '@fast-check/vitest'
import { nativeToScVal } from '@stellar/stellar-sdk/base'
import { describe, expect, test } from 'vitest'
import { readTokenMetadata } from '../../src/decode/token-metadata.ts'
import { encodeAddress } from '../../src/domain/strkey.ts'
import { assetMetadata, instanceEntry, METADATA } from '../support/token-entry.ts'

const token = encodeAddress('contract', new Uint8Array(32).fill(7))
const NOTHING = { symbol: null, name: null, decimals: null }
const usdc = { decimal: 7, name: 'USDC:GA5Z', symbol: 'USDC' }
const counter = nativeToScVal(7n, { type: 'u64' })
const asset = instanceEntry(token, [
  [nativeToScVal(['Admin'], { type: ['symbol'] }), counter],
  [METADATA, assetMetadata(usdc)],
])

describe('what a token says about itself', () => {
  test('is read as contracts of classic assets keep it', () => {
    expect(readTokenMetadata(asset)).toEqual({ symbol: 'USDC', name: 'USDC:GA5Z', decimals: 7 })
  })

  test('is read in the other forms that contracts use', () => {
    const fields = { decimals: 18, name: 'A', symbol: 'B' }
    const type = {
      decimals: ['symbol', 'u32'],
      name: ['symbol', 'string'],
      symbol: ['symbol', 'symbol'],
    } satisfies Record<string, ['symbol', 'u32' | 'string' | 'symbol']>
    const variant = nativeToScVal(['Metadata'], { type: ['symbol'] })
    const entry = instanceEntry(token, [[variant, nativeToScVal(fields, { type })]])
    expect(readTokenMetadata(entry)).toEqual({ symbol: 'B', name: 'A', decimals: 18 })
  })

  test.each<[string, string]>([
    ['a contract without metadata', instanceEntry(token, [])],
    ['metadata that is no map', instanceEntry(token, [[METADATA, counter]])],
    ['fields of other types', instanceEntry(token, [[METADATA, nativeToScVal({ decimal: 'x' })]])],
    ['no XDR', 'AAAA'],
    ['no base64', '§'],
  ])('P9: %s says nothing', (_, entry) => {
    expect(readTokenMetadata(entry)).toEqual(NOTHING)
  })

  property.prop([fc.nat(), fc.integer({ min: 0, max: 255 })])(
    'P9: no changed byte makes the reader throw',
    (position, byte) => {
      const bytes = Buffer.from(asset, 'base64')
      bytes[position % bytes.length] = byte
      readTokenMetadata(bytes.toString('base64'))
    },
  )
})
