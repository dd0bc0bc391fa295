import type { TokenMetadata } from '../../domain/token.ts'
import type { Sqlite } from '../sqlite.ts'

/** Keeps what tokens say about themselves. The caller has a transaction. */
export function createPutTokens(sqlite: Sqlite): (tokens: readonly TokenMetadata[]) => void {
  const save = sqlite.prepare<TokenMetadata>(
    `insert or replace into tokens (address, symbol, name, decimals)
     values (@address, @symbol, @name, @decimals)`,
  )
  return (tokens) => {
    for (const token of tokens) save.run(token)
  }
}
