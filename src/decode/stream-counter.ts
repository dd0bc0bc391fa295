import { xdr } from '@stellar/stellar-sdk/base'

/**
 * How many streams the contract has made. The contract keeps this number in a separate entry or in
 * the instance's storage. Undefined if `entryXdr` has it in neither form.
 */
export function readStreamCounter(entryXdr: string): bigint | undefined {
  const data = contractData(entryXdr)
  if (data === undefined) return undefined
  if (data.val.type === 'scvU64') return data.val.value
  if (data.val.type !== 'scvContractInstance') return undefined
  for (const { key, val } of data.val.value.storage ?? []) {
    const name = key.type === 'scvVec' ? key.value?.[0] : undefined
    const isCounter = name?.type === 'scvSymbol' && name.value === 'StreamCounter'
    if (isCounter && val.type === 'scvU64') return val.value
  }
  return undefined
}

function contractData(entryXdr: string): xdr.ContractDataEntry | undefined {
  try {
    const entry = xdr.LedgerEntryData.fromXdr(entryXdr, 'base64')
    return entry.type === 'contractData' ? entry.value : undefined
  } catch {
    return undefined
  }
}
