import { fc, test as property } from '@fast-check/vitest'
import { Address, Contract, nativeToScVal, xdr } from '@stellar/stellar-sdk/base'
import { describe, expect, test } from 'vitest'
import { encodeAddress } from '../../src/domain/strkey.ts'
import { createEntryKeys } from '../../src/source/entry-keys.ts'

const contractId = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((key) => encodeAddress('contract', key))
const U64_MAX = 2n ** 64n - 1n

function asTheSdk(id: string, key: xdr.ScVal): string {
  const contract = new Address(id).toScAddress()
  const durability = xdr.ContractDataDurability.persistent
  const entry = new xdr.LedgerKeyContractData({ contract, key, durability })
  return xdr.LedgerKey.contractData(entry).toXdr('base64')
}

describe('keys of ledger entries', () => {
  property.prop([contractId, fc.bigInt({ min: 0n, max: U64_MAX })])(
    'keys are encoded like the SDK encodes them',
    (id, streamId) => {
      const keys = createEntryKeys(id)
      const unit = (name: string) => nativeToScVal([name], { type: ['symbol'] })
      const stream = nativeToScVal(['Stream', streamId], { type: ['symbol', 'u64'] })
      expect(keys.instance).toBe(new Contract(id).getFootprint().toXdr('base64'))
      expect(keys.streamCounter).toBe(asTheSdk(id, unit('StreamCounter')))
      expect(keys.protocolConfig).toBe(asTheSdk(id, unit('ProtocolConfig')))
      expect(keys.stream(streamId)).toBe(asTheSdk(id, stream))
    },
  )

  test('the id of an account is refused', () => {
    const account = encodeAddress('account', new Uint8Array(32))
    expect(() => createEntryKeys(account)).toThrow(/is not a contract id/)
  })
})
