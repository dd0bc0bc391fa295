/** What a token's contract says about itself; null where it does not say. */
export interface TokenMetadata {
  address: string
  symbol: string | null
  name: string | null
  decimals: number | null
}

/** Asks the half that indexes. Undefined if the chain cannot be asked now. */
export type ReadToken = (address: string) => Promise<TokenMetadata | undefined>
