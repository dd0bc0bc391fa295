import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { SourceError } from '../domain/errors.ts'
import type { ReadToken, TokenMetadata } from '../domain/token.ts'
import { createEntryKeys } from '../source/entry-keys.ts'
import { MAX_ENTRY_KEYS } from '../source/source.ts'
import type { LedgerSource } from '../source/source.ts'
import type { SharedStore } from '../store/store.ts'

/**
 * Reads from the chain what tokens say about themselves, once for each token. The tokens of streams
 * are read without being asked for, and kept in the database. Others are remembered for a while, so
 * that nobody can fill the database with made-up addresses.
 */
export interface TokenReader {
  read: ReadToken
  /** Reads the tokens of new streams until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
  /** From now on nothing is read. */
  close(): void
}

const POLL_MS = 5_000
/** The pause after the chain could not be asked. */
const RETRY_MS = 60_000
const TIMEOUT_MS = 10_000
/** A contract without an entry may be created or restored later. */
const REMEMBER_MS = 10 * 60_000
const MAX_REMEMBERED = 1_000

export interface TokenReaderDeps {
  source: Pick<LedgerSource, 'entries'>
  store: Pick<SharedStore, 'tokens' | 'writer'>
  log: Pick<Logger, 'debug'>
  now?: () => number
}

type Asked = PromiseWithResolvers<TokenMetadata | undefined>

export function createTokenReader(deps: TokenReaderDeps): TokenReader {
  const { store, log } = deps
  const remembered = createMemory(deps.now)
  const closing = new AbortController()
  let waiting = new Map<string, Asked>()
  let reading: Promise<void> | undefined

  async function readWaiting(): Promise<void> {
    while (waiting.size > 0) {
      const asked = waiting
      waiting = new Map()
      try {
        const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(TIMEOUT_MS)])
        const found = await readFromChain(deps.source, [...asked.keys()], signal)
        for (const [address, { resolve }] of asked) {
          const token = found.get(address) ?? unknown(address)
          remembered.add(token)
          resolve(token)
        }
        if (!closing.signal.aborted) await keep([...found.values()])
      } catch (error) {
        const detail = error instanceof SourceError ? error.message : String(error)
        log.debug({ detail, tokens: asked.size }, 'tokens could not be read')
        for (const { resolve } of asked.values()) resolve(undefined)
      }
    }
    reading = undefined
  }

  /** Only what the chain has, about tokens of streams, goes into the database. */
  async function keep(found: readonly TokenMetadata[]): Promise<void> {
    const tokens = found.filter(({ address }) => store.tokens.isUsed(address))
    if (tokens.length > 0) await store.writer.putTokens(tokens)
  }

  const read: ReadToken = async (address) => {
    if (closing.signal.aborted) return undefined
    const known = remembered.get(address)
    if (known !== undefined) return known
    let asked = waiting.get(address)
    if (asked === undefined) {
      if (waiting.size === MAX_ENTRY_KEYS) return undefined
      asked = Promise.withResolvers()
      waiting.set(address, asked)
    }
    reading ??= readWaiting()
    return asked.promise
  }

  /** Returns how long to pause. */
  async function readUnread(): Promise<number> {
    const unread = store.tokens.unread(MAX_REMEMBERED)
    const next = unread.filter((address) => remembered.get(address) === undefined)
    const tokens = await Promise.all(next.slice(0, MAX_ENTRY_KEYS).map(read))
    return tokens.includes(undefined) ? RETRY_MS : POLL_MS
  }

  return {
    read,
    async run(signal) {
      let pauseMs = POLL_MS
      while (!signal.aborted) {
        await sleep(pauseMs, undefined, { signal }).catch(() => {})
        if (!signal.aborted) pauseMs = await readUnread()
      }
    },
    close: () => closing.abort(new Error('the indexer is closing')),
  }
}

/** The tokens that have an entry on the chain. */
async function readFromChain(
  source: TokenReaderDeps['source'],
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, TokenMetadata>> {
  const byKey = new Map(addresses.map((address) => [createEntryKeys(address).instance, address]))
  const { entries } = await source.entries([...byKey.keys()], signal)
  // It needs the SDK, which is slow to load and which little else in the daemon uses.
  const { readTokenMetadata } = await import('../decode/token-metadata.ts')
  const found = new Map<string, TokenMetadata>()
  for (const { key, xdr } of entries) {
    const address = byKey.get(key)
    if (address !== undefined) found.set(address, { address, ...readTokenMetadata(xdr) })
  }
  return found
}

function unknown(address: string): TokenMetadata {
  return { address, symbol: null, name: null, decimals: null }
}

/** The newest few, for a while. */
function createMemory(now: () => number = () => performance.now()) {
  const remembered = new Map<string, { token: TokenMetadata; until: number }>()
  return {
    get(address: string): TokenMetadata | undefined {
      const known = remembered.get(address)
      return known !== undefined && known.until > now() ? known.token : undefined
    },
    add(token: TokenMetadata): void {
      remembered.delete(token.address)
      remembered.set(token.address, { token, until: now() + REMEMBER_MS })
      const [oldest = ''] = remembered.keys()
      if (remembered.size > MAX_REMEMBERED) remembered.delete(oldest)
    },
  }
}
