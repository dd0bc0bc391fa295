import { signal } from '@preact/signals'
import type { Signal } from '@preact/signals'
import { get } from './api.ts'
import type { One, Token } from './shapes.ts'

/** What tokens say about themselves. Each is asked for once. */

/** More than any contract will use; the texts come from strangers. */
const MAX_TOKENS = 1_000
const known = new Map<string, Signal<Token>>()

export function tokenAt(address: string): Token {
  let found = known.get(address)
  if (found === undefined) {
    found = signal({ address, symbol: null, name: null, decimals: null })
    if (known.size >= MAX_TOKENS) known.clear()
    known.set(address, found)
    void read(address, found)
  }
  return found.value
}

const RETRY_MS = 30_000

async function read(address: string, found: Signal<Token>): Promise<void> {
  try {
    found.value = (await get<One<Token>>(`/tokens/${address}`)).data
  } catch {
    setTimeout(() => void read(address, found), RETRY_MS)
  }
}
