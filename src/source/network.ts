import { UsageError } from '../domain/errors.ts'
import type { LedgerSource } from './source.ts'

/**
 * Throws UsageError if the source serves another network. Event ids are the same on every network,
 * so its events would be stored without any sign that they are wrong.
 */
export async function requireNetwork(
  source: LedgerSource,
  networkPassphrase: string,
  signal: AbortSignal,
): Promise<void> {
  const { passphrase } = await source.network(signal)
  if (passphrase === networkPassphrase) return
  throw new UsageError(
    `the RPC serves the network "${passphrase}", not "${networkPassphrase}": set RPC_URL or NETWORK so that they match`,
  )
}
