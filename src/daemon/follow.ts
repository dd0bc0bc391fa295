import type { Logger } from 'pino'
import { explainStorage, passingTrouble } from '../store/storage-error.ts'
import { UsageError } from '../domain/errors.ts'
import type { ReopeningStore } from '../store/store.ts'

export interface FollowOptions {
  store: ReopeningStore
  /**
   * Another file may take the place of the database's: it is read from then on. Otherwise that is a
   * problem for a person to look at.
   */
  reopens?: boolean
  logger: Logger
  /** Called after commits. */
  onCommit(): void
  /** Called after streams were changed by the chain's records instead of by events. */
  onRepaired(): void
}

export interface Follower {
  /** Looks for commits now instead of at the next turn. */
  look(): void
  /** Rejects if the file is damaged, or on an internal error. */
  failed: Promise<never>
}

/** Poll interval for new commits; small compared with delivery latency. */
const LOOK_MS = 20
/** Audits repair in batches: one call is made when no batch has come for this long. */
const REPAIRED_AFTER_MS = 1_000

/**
 * Notices the commits of every other connection, in this process or in another, by SQLite's counter
 * of changes.
 */
export function followCommits(options: FollowOptions, signal: AbortSignal): Follower {
  const { store, reopens = false, logger, onCommit, onRepaired } = options
  const { changes, revision, path } = store
  const { promise: failed, reject } = Promise.withResolvers<never>()
  failed.catch(() => {})
  let seenChanges: number | undefined = changes()
  let seenRevision = revision()
  let repairing: NodeJS.Timeout | undefined
  let isTroubled = false

  function look(): void {
    if (signal.aborted) return
    try {
      lookOnce()
      isTroubled = false
    } catch (error) {
      const reason = passingTrouble(error, path)
      if (reason === undefined) {
        stop()
        reject(explainStorage(error, path))
      } else {
        if (!isTroubled) logger.warn({ reason }, 'the database cannot be read, trying again')
        isTroubled = true
      }
    }
  }

  function lookOnce(): void {
    if (reopens && store.isReplaced() && !reopen()) return
    const current = changes()
    if (current === seenChanges) return
    onCommit()
    // Not before, so that a call that failed is repeated.
    seenChanges = current
    const currentRevision = revision()
    if (currentRevision === seenRevision) return
    seenRevision = currentRevision
    repaired()
  }

  function repaired(): void {
    clearTimeout(repairing)
    repairing = setTimeout(onRepaired, REPAIRED_AFTER_MS)
  }

  /** Goes on with the new file; false if it is not there yet. */
  function reopen(): boolean {
    const known = reaches(store)
    try {
      store.reopen()
    } catch (error) {
      if (error instanceof UsageError) return false
      throw error
    }
    logger.info('the database file was replaced: serving the new one')
    // Numbers of another file say nothing about this one.
    seenChanges = undefined
    seenRevision = revision()
    if (reaches(store) !== known) repaired()
    return true
  }

  const looking = setInterval(look, LOOK_MS)
  signal.addEventListener('abort', stop)
  function stop(): void {
    clearInterval(looking)
    clearTimeout(repairing)
  }
  return { look, failed }
}

/**
 * What clients may have read before and is different now. Each node notes its own position with a
 * change, so only what was changed is compared.
 */
function reaches({ corrections }: ReopeningStore): string {
  return JSON.stringify([...new Set(corrections().map(({ reach }) => reach))].toSorted())
}
