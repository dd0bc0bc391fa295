import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Cursor } from '../domain/cursor.ts'
import type { Decode } from '../domain/event.ts'
import type { Identity } from '../store/read/coverage.ts'
import type { RelayPosition } from '../store/read/relay-position.ts'
import type { WritableStore } from '../store/store.ts'
import type { Carrier, Entries } from './carrier.ts'
import { arrived } from './entry.ts'
import type { ChangeEntry, PageEntry, TravellingPage } from './entry.ts'

/**
 * Applies what the leader published, in the leader's order: each page says which changes came before
 * it, each change at which position it was made. So log and state become equal to the leader's.
 */
export interface Follower {
  /** Reads once and applies; `waitMs` as in the carrier. */
  step(waitMs?: number): Promise<Progress>
  /** Forgets what was read but not applied: the database has another content now. */
  restart(): void
  /** Takes what is missing as seen: only for a node that leads because no other can. */
  giveUp(): Promise<void>
}

/**
 * - `applied` something
 * - `idle` everything that was published is here
 * - `missing` entries between the database and the streams are gone, or it holds another history
 */
export type Progress = 'applied' | 'idle' | 'missing'

/** Redis is away, or holds something that cannot be read. */
export class CarrierError extends Error {
  override readonly name = 'CarrierError'
}

export interface FollowerDeps {
  carrier: Pick<Carrier, 'read' | 'lastChange'>
  store: WritableStore
  decode: Decode
  identity: Identity
  /** Called after each commit. */
  onApplied(): void
}

export function createFollower(deps: FollowerDeps): Follower {
  const { carrier, store, decode, identity, onApplied } = deps
  const { coverage, writer } = store
  let pages: Entries['pages'] = []
  let changes: Entries['changes'] = []

  function here(): Cursor | undefined {
    return coverage.checkpoint()?.cursor
  }

  async function read(waitMs?: number): Promise<Entries> {
    const cursor = pages.at(-1)?.cursor ?? here()
    const sequence = changes.at(-1)?.sequence ?? store.relayPosition().sequence
    const found = await ask(() => carrier.read({ cursor, sequence }, waitMs))
    pages.push(...found.pages)
    changes.push(...found.changes)
    return found
  }

  /**
   * Applies the next entry that can be applied. `pages` or `changes`: one of them comes before it
   * and has not been read.
   */
  function next(): 'applied' | 'empty' | 'missing' | 'pages' | 'changes' {
    const [change] = changes
    const [page] = pages
    const isChangeDue = change !== undefined && !isAfter(change.entry.at, here())
    if (isChangeDue) return takeChange(change)
    if (page !== undefined) return takePage(page)
    return change === undefined ? 'empty' : 'pages'
  }

  function takeChange({ sequence, entry }: Entries['changes'][number]) {
    if (!isSame(entry.previous, store.relayPosition())) return 'missing'
    changes.shift()
    writer.at({ sequence, change: entry.change }, () => writeChange(entry))
    onApplied()
    return 'applied'
  }

  function takePage({ cursor, entry }: Entries['pages'][number]) {
    const checkpoint = here()
    if (checkpoint !== undefined && cursor <= checkpoint) {
      pages.shift()
      return 'applied'
    }
    if (isAfter(entry.after, checkpoint)) return 'missing'
    const position = store.relayPosition()
    if (entry.changes.sequence > position.sequence) return 'changes'
    if (!isSame(entry.changes, position)) return 'missing'
    pages.shift()
    writePage(entry)
    onApplied()
    return 'applied'
  }

  function writePage(entry: PageEntry): void {
    if (entry.kind === 'gap') return writer.declareGap(entry.gap.gap, entry.gap.tip)
    const isBound = here() !== undefined && coverage.identity() !== undefined
    writer.apply({ ...arrived(entry.page, decode), identity: isBound ? undefined : identity })
  }

  function writeChange({ write, args }: ChangeEntry): void {
    if (write === 'fill') {
      writer.apply(arrived(args[0] as TravellingPage, decode))
      return
    }
    // The arguments are those that the leader's own writer got.
    const apply = writer[write] as (...given: unknown[]) => unknown
    apply(...args)
  }

  function restart(): void {
    pages = []
    changes = []
  }

  return {
    async step(waitMs) {
      if (pages.length === 0 && changes.length === 0) {
        const found = await read(waitMs)
        if (found.pages.length === 0 && found.changes.length === 0) return 'idle'
      }
      for (;;) {
        const what = next()
        if (what === 'empty') return 'applied'
        if (what === 'missing') return 'missing'
        // What comes first was published first: if it is not there now, it has gone.
        if (what !== 'applied' && (await read())[what].length === 0) return 'missing'
        await nextTurn()
      }
    },
    restart,
    async giveUp() {
      restart()
      const last = await ask(carrier.lastChange)
      if (last !== undefined) writer.at(last, () => {})
    },
  }
}

async function ask<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question()
  } catch (cause) {
    throw new CarrierError('Redis cannot be read', { cause })
  }
}

function isAfter(a: Cursor | undefined, b: Cursor | undefined): boolean {
  return a !== undefined && (b === undefined || a > b)
}

function isSame(a: RelayPosition, b: RelayPosition): boolean {
  return a.sequence === b.sequence && a.change === b.change
}
