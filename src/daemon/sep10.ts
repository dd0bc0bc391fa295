import type { Logger } from 'pino'
import type { Access } from '../auth/access.ts'
import { createSep10 } from '../auth/sep10/sep10.ts'
import type { Sep10 } from '../auth/sep10/sep10.ts'
import type { Config } from '../config/config.ts'
import { createAccountReader } from './accounts.ts'

export interface Sep10Parts {
  access: Access
  contractId: string
  network: string
  logger: Logger
  /** The network's newest ledger that the log knows of. */
  tip(): number | undefined
}

/** The SEP-10 server; undefined if it is not configured. */
export function openSep10(
  config: Config,
  { access, contractId, network, logger, tip }: Sep10Parts,
): Sep10 | undefined {
  const { sep10SigningKey: signingKey, homeDomain, tokenSeconds } = config
  if (signingKey === undefined || homeDomain === undefined) return undefined
  const networkPassphrase = network
  const source = { ...config, contractId, networkPassphrase }
  const accounts = createAccountReader({ config: source, logger, tip })
  const sep10 = createSep10(
    { signingKey, homeDomain, networkPassphrase, tokenSeconds },
    { tokens: access.tokens, vault: access.vault, readAccount: accounts.read },
  )
  return {
    ...sep10,
    async close() {
      await Promise.all([sep10.close(), accounts.close()])
    },
  }
}
