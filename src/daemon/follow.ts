import type { Logger } from 'pino'
import { explainStorage, passingTrouble } from '../store/storage-error.ts'
import type { Store } from '../store/store.ts'

export interface Following {
  /** Something was committed. */
  committed(): void
  /** Streams were changed by what the chain said, not by an event. */
  repaired(): void
}

export interface Follower {
  look(): void
  /** Rejects when the file is damaged, or when one of our own promises is broken. */
  failed: Promise<never>
}

/** Poll interval for new commits; small compared with delivery latency. */
const LOOK_MS = 20
/** Audits repair in batches: one reset is sent when no batch has come for this long. */
const REPAIRED_AFTER_MS = 1_000

/**
 * Notices the commits of every other connection, in this process or in another, by SQLite's own
 * counter of changes.
 */
export function followCommits(
  { changes, revision, path }: Store,
  { committed, repaired }: Following,
  log: Logger,
  signal: AbortSignal,
): Follower {
  const { promise: failed, reject } = Promise.withResolvers<never>()
  failed.catch(() => {})
  let seen = changes()
  let taken = revision()
  let announcing: NodeJS.Timeout | undefined
  let troubled = false

  function look(): void {
    if (signal.aborted) return
    try {
      lookOnce()
      troubled = false
    } catch (error) {
      const reason = passingTrouble(error, path)
      if (reason === undefined) {
        stop()
        reject(explainStorage(error, path))
      } else {
        if (!troubled) log.warn({ reason }, 'the database cannot be read, trying again')
        troubled = true
      }
    }
  }

  function lookOnce(): void {
    const now = changes()
    if (now === seen) return
    committed()
    // Only now, so that a look that failed is made again.
    seen = now
    const last = revision()
    if (last === taken) return
    taken = last
    clearTimeout(announcing)
    announcing = setTimeout(repaired, REPAIRED_AFTER_MS)
  }

  const looking = setInterval(look, LOOK_MS)
  signal.addEventListener('abort', stop)
  function stop(): void {
    clearInterval(looking)
    clearTimeout(announcing)
  }
  return { look, failed }
}
