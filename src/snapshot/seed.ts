import { rmSync } from 'node:fs'
import type { Logger } from 'pino'
import type { Cursor } from '../domain/cursor.ts'
import { reasonOf } from '../domain/errors.ts'
import { retryDelay } from '../source/backoff.ts'
import type { Identity } from '../store/read/coverage.ts'
import type { ReplaceableStore } from '../store/store.ts'
import { fetchSnapshot } from './fetch.ts'
import { inThread } from './thread.ts'
import type { VerifyData } from './verify.thread.ts'

export interface SeedingDeps {
  /** What is to begin, or to go on, with a snapshot. */
  store: ReplaceableStore
  identity: Identity
  /** ADMIN_TOKEN, which all nodes have in common. */
  token: string
  logger: Pick<Logger, 'info' | 'warn'>
  random?: () => number
  now?: () => number
}

export interface Seeding {
  /**
   * Asks these URLs of snapshots in turn, and puts the first one that can be used into the place of
   * the database. One that ends before what the database has already is not used. Resolves to the
   * position from which the node goes on; to undefined if there was none, and at once if it is too
   * early to ask again. Rejects if `signal` aborts, or if the database cannot be written.
   */
  from(urls: readonly string[], signal: AbortSignal): Promise<Cursor | undefined>
}

const DELAY = { firstMs: 500, longestMs: 10_000 }
const ENTRY = new URL('verify.thread.ts', import.meta.url)

/** The URL of the snapshot of a node that announces `nodeUrl`. */
export function snapshotUrl(nodeUrl: string): string {
  return `${nodeUrl.replace(/\/+$/, '')}/admin/snapshot`
}

export function createSeeding(deps: SeedingDeps): Seeding {
  const { store, logger, random = Math.random, now = () => performance.now() } = deps
  const warn = createWarnings(logger)
  let failures = 0
  let notBefore = 0

  return {
    async from(urls, signal) {
      if (now() < notBefore) return undefined
      if (urls.length === 0) {
        warn('', 'no other node that could give one is known')
        return undefined
      }
      for (const url of urls) {
        const result = await download(url, deps, signal)
        if ('cursor' in result) {
          store.replaceBy(seedPath(store.path))
          failures = 0
          logger.info(
            { url: shown(url), cursor: result.cursor },
            'began with another node’s snapshot',
          )
          return result.cursor
        }
        warn(shown(url), result.reason)
      }
      failures += 1
      notBefore = now() + retryDelay(failures, { random, ...DELAY })
      return undefined
    },
  }
}

/** Each reason once: the same is tried again and again. */
function createWarnings(logger: SeedingDeps['logger']) {
  const last = new Map<string, string>()
  return (url: string, reason: string): void => {
    if (last.get(url) === reason) return
    last.set(url, reason)
    logger.warn({ url, reason }, 'no snapshot of another node yet, trying again')
  }
}

function seedPath(path: string): string {
  return `${path}.seed`
}

/** The file is there, verified, or gone. */
async function download(
  url: string,
  { store, identity, token }: SeedingDeps,
  signal: AbortSignal,
): Promise<{ cursor: Cursor } | { reason: string }> {
  const to = seedPath(store.path)
  const atLeast = store.coverage.checkpoint()?.cursor
  try {
    remove(to)
    const cursor = await fetchSnapshot({ url, token, to }, signal)
    const data: VerifyData = { path: to, expected: { cursor, identity, atLeast } }
    const reason = await inThread<string | null>(ENTRY, data, signal)
    if (reason !== null) throw new Error(reason)
    return { cursor }
  } catch (error) {
    remove(to)
    signal.throwIfAborted()
    return { reason: reasonOf(error) }
  }
}

function remove(path: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(path + suffix, { force: true })
}

/** Without a password or a query, for the log. */
function shown(url: string): string {
  const { origin, pathname } = URL.parse(url) ?? { origin: '', pathname: '' }
  return origin + pathname
}
