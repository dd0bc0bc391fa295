import { decodeAddress } from '../../domain/strkey.ts'

export interface StellarToml {
  homeDomain: string
  /** The server's public key, G…. */
  signingKey: string
  networkPassphrase: string
}

/** The file by which wallets find this server (SEP-1). */
export function stellarToml({ homeDomain, signingKey, networkPassphrase }: StellarToml): string {
  const entries = {
    NETWORK_PASSPHRASE: networkPassphrase,
    WEB_AUTH_ENDPOINT: `https://${homeDomain}/auth`,
    SIGNING_KEY: signingKey,
  }
  // JSON writes texts as TOML does.
  return Object.entries(entries)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
    .join('')
}

/** The domain's public key in its own file; undefined if the file does not have one. */
export function signingKeyIn(toml: string): string | undefined {
  const [beforeTables = ''] = toml.split(/^\s*\[/m)
  const key = /^\s*SIGNING_KEY\s*=\s*(["'])(\w+)\1\s*(?:#.*)?$/m.exec(beforeTables)?.[2]
  return key !== undefined && decodeAddress(key)?.kind === 'account' ? key : undefined
}
