import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { endOfLedger } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import { realClock } from '../domain/clock.ts'
import type { WritableStore } from '../store/store.ts'
import type { ScannedPage } from '../store/write/scanned-page.ts'
import type { Applied, SharedWrite, SharedWriter } from '../store/write/writer.ts'
import type { Carrier, PublishResult } from './carrier.ts'
import { travelling } from './entry.ts'
import type { ChangeEntry, HeadWrite, PageEntry } from './entry.ts'
import type { Lease } from './lease.ts'

export interface PublisherDeps {
  carrier: Pick<Carrier, 'publishPage' | 'publishChange'>
  lease: Pick<Lease, 'held' | 'lose'>
  store: WritableStore
  log: Pick<Logger, 'debug'>
  now?: () => number
}

/** After a failure that may pass. The lease ends meanwhile if it does not. */
const RETRY_MS = 100
/**
 * An empty page is held back if the last one is more recent: the next poll asks for its ledgers again.
 * It is less than the time a batch of pages may be open, so only the last page of a step is held.
 */
const EMPTY_EVERY_MS = 1_000

const UNCHANGED: Applied = { accepted: 0, moved: false }

/**
 * The writer of a leader. Each write is published first and stored then, one after another: what a
 * client of this node has seen, every other node can have too. A write that is published but not
 * stored here comes back through Redis.
 */
export function createPublisher(deps: PublisherDeps, signal: AbortSignal): SharedWriter {
  const { carrier, lease, store, log, now = realClock.now } = deps
  const { writer, coverage } = store
  const inTurn = createQueue()
  let emptyAt = Number.NEGATIVE_INFINITY

  /** Tries until Redis answers, or the lease is over. */
  async function publish(send: (lease: string) => Promise<PublishResult>): Promise<PublishResult> {
    for (;;) {
      signal.throwIfAborted()
      const mine = lease.held()
      signal.throwIfAborted()
      if (mine === undefined) throw new Error('this node is no longer the leader')
      try {
        const result = await send(mine)
        if (result === 'fenced') lease.lose()
        else return result
      } catch (error) {
        log.debug({ err: error }, 'not published yet')
        await sleep(RETRY_MS, undefined, { signal }).catch(() => {})
      }
    }
  }

  /** What is not after everything published is stored only: others have it from there. */
  async function atHead(entry: HeadWrite, to: HeadPoint): Promise<void> {
    const after = coverage.checkpoint()?.cursor
    const full: PageEntry = { ...entry, after, changes: store.relayPosition() }
    await publish((mine) => carrier.publishPage(mine, to.cursor, { entry: full, tip: to.tip ?? 0 }))
  }

  async function change<T>(what: Pick<ChangeEntry, 'write' | 'args'>, keep: () => T): Promise<T> {
    const previous = store.relayPosition()
    const at = coverage.checkpoint()?.cursor
    const entry: ChangeEntry = { ...what, previous, at, change: randomUUID() }
    const result = await publish((mine) => carrier.publishChange(mine, entry))
    if (result === 'old') {
      // This node has not stored a change that was published: it must read it first.
      lease.lose()
      signal.throwIfAborted()
    }
    return writer.at({ sequence: previous.sequence + 1, change: entry.change }, keep)
  }

  const changing =
    <A, R>(write: SharedWrite, keep: (argument: A) => R) =>
    (argument: A): Promise<R> =>
      inTurn(() => change({ write, args: [argument] }, () => keep(argument)))

  async function apply(page: ScannedPage): Promise<Applied> {
    const checkpoint = coverage.checkpoint()
    // Only pages at the head name the network's tip.
    if (page.tip === undefined) {
      return change({ write: 'fill', args: [travelling(page)] }, () => writer.apply(page))
    }
    if (checkpoint !== undefined && page.cursor <= checkpoint.cursor) return writer.apply(page)
    if (page.events.length === 0) {
      if (checkpoint !== undefined && now() - emptyAt < EMPTY_EVERY_MS) return UNCHANGED
      emptyAt = now()
    }
    const { cursor, tip } = page
    await atHead({ kind: 'page', page: travelling(page) }, { cursor, tip: tip.ledger })
    return writer.apply(page)
  }

  return {
    apply: (page) => inTurn(() => apply(page)),
    declareGap: (gap, tip) =>
      inTurn(async () => {
        const cursor = endOfLedger(gap.to)
        await atHead({ kind: 'gap', gap: { gap, tip } }, { cursor, tip: tip?.ledger })
        writer.declareGap(gap, tip)
      }),
    markRepaired: changing('markRepaired', writer.markRepaired),
    rememberHash: changing('rememberHash', writer.rememberHash),
    putRecords: changing('putRecords', writer.putRecords),
    setLifetimes: changing('setLifetimes', writer.setLifetimes),
    putTokens: changing('putTokens', writer.putTokens),
  }
}

interface HeadPoint {
  cursor: Cursor
  /** The network's newest ledger. */
  tip: number | undefined
}

/** Runs one piece of work after another. */
function createQueue() {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
}
