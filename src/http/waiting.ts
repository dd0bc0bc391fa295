import { ledgerOf } from '../domain/cursor.ts'
import type { Slices } from '../domain/slices.ts'
import type { Exchange } from './exchange.ts'
import { asOf } from './json.ts'
import { createRoom } from './room.ts'
import type { AsOf } from './json.ts'
import type { Store } from '../store/store.ts'

/** What a request waits for: all of what is given. */
export interface Wanted {
  /** The checkpoint is at the end of this ledger or after it. */
  ledger?: number | undefined
  /** The log has this transaction's events. */
  transaction?: string | undefined
  /** Only events of this address count. */
  party?: string | undefined
}

/** `late`: not in time. `full`: too many wait already. `closing`: the process is about to end. */
export type Waited = 'reached' | 'late' | 'full' | 'closing'

export interface WaitOptions {
  seconds: number
  /** The client's address: its requests continue a few at a time. */
  address: string
  exchange: Exchange
}

/**
 * Requests that wait for the log instead of polling. One look at each commit serves all of them.
 * Those whose wait is over continue in small groups, so that a thousand answers at once do not block
 * the thread.
 */
export interface Waiting {
  /** What is known at once; undefined: the request has to wait. */
  atOnce(wanted: Wanted, options: Pick<WaitOptions, 'seconds' | 'address'>): Waited | undefined
  /** Calls `resume` when the wait is over, unless the client leaves before. */
  wait(wanted: Wanted, options: WaitOptions, resume: Resume): void
  /** How far the log is. */
  position(): AsOf
  /** Call after each commit. */
  look(): void
  /** Ends every wait, and allows no more. */
  close(): void
}

type Resume = (waited: Waited) => void

interface Waiter {
  wanted: Wanted
  address: string
  exchange: Exchange
  resume: Resume
  leave(): void
  late: NodeJS.Timeout | undefined
}

/** Continue in one turn of the event loop: their answers take a millisecond or two. */
const GROUP = 8
/** Hashes that take less than a millisecond to look up. */
const HASHES_PER_STEP = 200
/** Below the limit of long requests of one address, so that an answer is not refused for it. */
const LONG_READS = 8

export function createWaiting(deps: {
  store: Pick<Store, 'coverage' | 'transactions'>
  slices: Slices
  /** How many may wait at once. */
  most: number
  now?: () => number
}): Waiting {
  const { store, slices, most, now = () => performance.now() } = deps
  const waiters = new Set<Waiter>()
  const over = createResumption(slices)
  const room = createRoom({ most, now })
  let isClosed = false
  let looking: Promise<void> | undefined
  let isOutdated = false

  function end(waiter: Waiter, outcome: Waited): void {
    if (!waiters.has(waiter)) return
    forget(waiter)
    over.add(waiter, outcome)
  }

  function forget(waiter: Waiter): void {
    if (!waiters.delete(waiter)) return
    room.leave(waiter.address)
    clearTimeout(waiter.late)
    waiter.exchange.off('close', waiter.leave)
  }

  /** Ends the waits that have what they want now, in steps of about a millisecond. */
  function* lookInSteps(): Generator<void, void> {
    const through = store.coverage.scannedThrough()
    const arrived = createArrived(store, through)
    const hashes = new Set([...waiters].flatMap(({ wanted }) => wanted.transaction ?? []))
    for (const some of chunksOf([...hashes], HASHES_PER_STEP)) {
      arrived.find(some)
      yield
    }
    for (const waiter of waiters) if (arrived.has(waiter.wanted)) end(waiter, 'reached')
  }

  async function lookWhileOutdated(): Promise<void> {
    while (isOutdated) {
      isOutdated = false
      await slices.run('', lookInSteps())
    }
  }

  function look(): void {
    if (waiters.size === 0) return
    isOutdated = true
    looking ??= lookWhileOutdated()
      // What follows the commits reads the same database, and reports its trouble.
      .catch(() => {})
      .finally(() => {
        looking = undefined
      })
  }

  return {
    atOnce(wanted, { seconds, address }) {
      if (isReached(store, wanted)) return 'reached'
      if (isClosed) return 'closing'
      if (!room.isFor(address)) return 'full'
      return seconds === 0 ? 'late' : undefined
    },
    wait(wanted, { seconds, address, exchange }, resume) {
      if (exchange.closed) return
      const waiter: Waiter = {
        wanted,
        address,
        exchange,
        resume,
        leave: () => forget(waiter),
        late: undefined,
      }
      waiter.late = setTimeout(end, seconds * 1_000, waiter, 'late')
      waiters.add(waiter)
      room.enter(address)
      exchange.once('close', waiter.leave)
    },
    position: () => asOf(store.coverage.checkpoint()),
    look,
    close() {
      isClosed = true
      for (const waiter of waiters) end(waiter, 'closing')
    },
  }
}

function isReached(store: Pick<Store, 'coverage' | 'transactions'>, wanted: Wanted): boolean {
  const arrived = createArrived(store, store.coverage.scannedThrough())
  if (wanted.transaction !== undefined) arrived.find([wanted.transaction])
  return arrived.has(wanted)
}

/** What the log has, of what is waited for. */
function createArrived({ transactions }: Pick<Store, 'transactions'>, through: number) {
  /** The parties of each transaction's events. */
  const found = new Map<string, Set<string | null>>()
  return {
    find(hashes: readonly string[]): void {
      for (const { hash, id, sender, recipient } of transactions.find(hashes)) {
        // A page may end between two events of a transaction.
        if (ledgerOf(id) > through) continue
        const parties = found.get(hash) ?? new Set()
        found.set(hash, parties.add(sender).add(recipient))
      }
    },
    has({ ledger, transaction, party }: Wanted): boolean {
      if (ledger !== undefined && ledger > through) return false
      if (transaction === undefined) return true
      const parties = found.get(transaction)
      return parties !== undefined && (party === undefined || parties.has(party))
    },
  }
}

/** Lets requests continue, a few in each turn. */
function createResumption(slices: Slices) {
  let queue: { waiter: Waiter; outcome: Waited }[] = []
  let isDeferred = false

  function isFree({ waiter }: (typeof queue)[number]): boolean {
    return slices.waiting(waiter.address) < LONG_READS
  }

  function schedule(): void {
    if (isDeferred || queue.length === 0) return
    isDeferred = true
    setImmediate(() => {
      isDeferred = false
      const [now, rest] = [queue.slice(0, GROUP), queue.slice(GROUP)]
      queue = [...rest, ...now.filter((one) => !isFree(one))]
      for (const { waiter, outcome } of now.filter(isFree)) waiter.resume(outcome)
      schedule()
    })
  }

  return {
    add(waiter: Waiter, outcome: Waited): void {
      queue.push({ waiter, outcome })
      schedule()
    },
  }
}

function* chunksOf<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}
