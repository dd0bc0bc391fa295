import { status } from './daemon.ts'

/** Where one can look things up, by network. Nothing is loaded from there. */
const NETWORKS: Record<string, { name: string; path?: string }> = {
  'Test SDF Network ; September 2015': { name: 'testnet', path: 'testnet' },
  'Public Global Stellar Network ; September 2015': { name: 'mainnet', path: 'public' },
  'Test SDF Future Network ; October 2022': { name: 'futurenet' },
}

export function networkName(passphrase: string): string {
  return NETWORKS[passphrase]?.name ?? passphrase
}

/** Undefined where no explorer shows the network. */
export function explorerLink(
  kind: 'tx' | 'ledger' | 'account' | 'contract',
  id: string,
): string | undefined {
  const path = NETWORKS[status.value?.network ?? '']?.path
  return path && `https://stellar.expert/explorer/${path}/${kind}/${encodeURIComponent(id)}`
}

export function addressLink(address: string): string | undefined {
  return explorerLink(address.startsWith('C') ? 'contract' : 'account', address)
}
