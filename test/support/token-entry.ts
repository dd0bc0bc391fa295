import { Address, nativeToScVal, xdr } from '@stellar/stellar-sdk/base'
import type { Recording } from '../../src/simulator/recording.ts'
import { createEntryKeys } from '../../src/source/entry-keys.ts'

/** The contract of a token: its entry on the chain, with these pairs in its instance storage. */
export function instanceEntry(
  address: string,
  storage: [key: xdr.ScVal, val: xdr.ScVal][],
): string {
  const entries = storage.map(([key, val]) => new xdr.ScMapEntry({ key, val }))
  const executable = xdr.ContractExecutable.contractExecutableStellarAsset()
  const instance = new xdr.ScContractInstance({ executable, storage: entries })
  const entry = new xdr.ContractDataEntry({
    ext: xdr.ExtensionPoint.v0(),
    contract: new Address(address).toScAddress(),
    key: xdr.ScVal.scvLedgerKeyContractInstance(),
    durability: xdr.ContractDataDurability.persistent,
    val: xdr.ScVal.scvContractInstance(instance),
  })
  return xdr.LedgerEntryData.contractData(entry).toXdr('base64')
}

/** What the contract of a classic asset keeps about itself. */
export function assetMetadata(fields: {
  decimal: number
  name: string
  symbol: string
}): xdr.ScVal {
  return nativeToScVal(fields, {
    type: { decimal: ['symbol', 'u32'], name: ['symbol', 'string'], symbol: ['symbol', 'string'] },
  })
}

export const METADATA = nativeToScVal('METADATA', { type: 'symbol' })

/** The recording on a chain that has this token, too. */
export function withToken(
  recording: Recording,
  address: string,
  fields: Parameters<typeof assetMetadata>[0],
): Recording {
  const [first, ...rest] = recording.ledgers
  if (first === undefined) throw new Error('the recording is empty')
  const entry = {
    key: createEntryKeys(address).instance,
    xdr: instanceEntry(address, [[METADATA, assetMetadata(fields)]]),
    lastModifiedLedgerSeq: first.sequence,
    liveUntilLedgerSeq: first.sequence + 1_000_000,
  }
  const ledgers = [{ ...first, entries: [...(first.entries ?? []), entry] }, ...rest]
  return { ...recording, ledgers }
}
