import { xdr } from '@stellar/stellar-sdk/base'
import type { TokenMetadata } from '../domain/token.ts'

/** Longer texts are not shown to people; an entry can have sixty kilobytes. */
const MAX_TEXT = 1_000
/** Contracts of classic assets use the first one, as most others do. */
const KEYS = new Set(['METADATA', 'Metadata'])

/** Reads base64 LedgerEntryData of a token's contract with its instance storage. */
export function readTokenMetadata(entryXdr: string): Omit<TokenMetadata, 'address'> {
  const fields = new Map(
    metadataIn(entryXdr).map(({ key, val }) => [key.type === 'scvSymbol' ? key.value : '', val]),
  )
  const decimals = fields.get('decimal') ?? fields.get('decimals')
  return {
    symbol: textOf(fields.get('symbol')),
    name: textOf(fields.get('name')),
    decimals: decimals?.type === 'scvU32' ? decimals.value : null,
  }
}

function metadataIn(entryXdr: string): readonly xdr.ScMapEntry[] {
  for (const { key, val } of instanceStorage(entryXdr)) {
    // A variant of an enum is a vector that begins with its name.
    const name = key.type === 'scvVec' ? key.value?.[0] : key
    if (name?.type === 'scvSymbol' && KEYS.has(name.value) && val.type === 'scvMap') {
      return val.value ?? []
    }
  }
  return []
}

function instanceStorage(entryXdr: string): readonly xdr.ScMapEntry[] {
  try {
    const entry = xdr.LedgerEntryData.fromXdr(entryXdr, 'base64')
    if (entry.type !== 'contractData') return []
    const { val } = entry.value
    return val.type === 'scvContractInstance' ? (val.value.storage ?? []) : []
  } catch {
    return []
  }
}

function textOf(value: xdr.ScVal | undefined): string | null {
  if (value?.type !== 'scvString' && value?.type !== 'scvSymbol') return null
  return value.value.length <= MAX_TEXT ? value.value : null
}
