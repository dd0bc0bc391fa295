import type { TokenMetadata } from '../../domain/token.ts'
import type { Sqlite } from '../sqlite.ts'

/** What the database has about tokens. */
export interface Tokens {
  /** Undefined until it was read from the chain. */
  byAddress(address: string): TokenMetadata | undefined
  /** Whether a stream is in this token. */
  isUsed(address: string): boolean
  /** Tokens of streams that were not read from the chain yet. */
  unread(limit: number): string[]
}

export function createTokens(sqlite: Sqlite): Tokens {
  const byAddress = sqlite.prepare<[string], TokenMetadata>(
    'select address, symbol, name, decimals from tokens where address = ?',
  )
  const isUsed = sqlite.prepare('select 1 from streams where token_address = ? limit 1')
  const unread = sqlite
    .prepare<[number], string>(
      `select distinct token_address from stream_totals where address = '' and side = 'all'
       and token_address not in (select address from tokens) limit ?`,
    )
    .pluck()
  return {
    byAddress: (address) => byAddress.get(address),
    isUsed: (address) => isUsed.get(address) !== undefined,
    unread: (limit) => unread.all(limit),
  }
}
