import { completeThrough, ledgerOf } from '../domain/cursor.ts'
import { SourceError } from '../domain/errors.ts'
import type { LedgerPage, PageStart } from './source.ts'

/** The ledger that a node must have reached to answer. */
export function reachedLedger(start: PageStart): number {
  return 'after' in start ? ledgerOf(start.after) : start.startLedger
}

/** The first ledger of a page: a node must still have it to answer. */
export function firstLedgerOf(start: PageStart): number {
  return 'after' in start ? completeThrough(start.after) + 1 : start.startLedger
}

/**
 * A page that is possible at all: it does not end before it starts, nor after the tip that it
 * names itself. What lies between was checked when it was read from the wire.
 */
export function possible(page: LedgerPage, start: PageStart): LedgerPage {
  const { cursor, tip, oldest } = page
  const backwards =
    'after' in start ? cursor < start.after : completeThrough(cursor) < start.startLedger - 1
  if (backwards) {
    throw new SourceError('malformed', `the page from ${JSON.stringify(start)} ended at ${cursor}`)
  }
  if (ledgerOf(cursor) > tip.ledger) {
    const range = { oldest: oldest?.ledger ?? 0, latest: tip.ledger }
    const detail = `the page ended in ledger ${ledgerOf(cursor)}, and the tip is ${tip.ledger}`
    throw new SourceError('behind', detail, { range })
  }
  return page
}
