import { FeedError } from './errors.ts'
import type { Token } from './options.ts'

/** The token of the next request. */
export interface Credentials {
  get(): Promise<string | undefined>
  /** The daemon does not accept it any more: the next `get` asks for another. */
  forget(): void
}

export function createCredentials(token: Token | undefined): Credentials {
  let known: string | undefined
  let isKnown = false

  return {
    async get() {
      if (typeof token !== 'function') return token
      if (isKnown) return known
      try {
        known = await token()
      } catch (cause) {
        throw new FeedError('token', 'the function that gives the token has failed', { cause })
      }
      isKnown = true
      return known
    },
    forget() {
      isKnown = false
    },
  }
}
