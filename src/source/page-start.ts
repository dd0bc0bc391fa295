import { completeThrough, ledgerOf } from '../domain/cursor.ts'
import { SourceError } from '../domain/errors.ts'
import type { LedgerPage, PageStart } from './source.ts'

/** The latest ledger that a node needs for the page: without it the node is behind. */
export function reachedLedger(start: PageStart): number {
  return 'after' in start ? ledgerOf(start.after) : start.startLedger
}

/** The first ledger of a page. A node that no longer has it cannot answer. */
export function firstLedgerOf(start: PageStart): number {
  return 'after' in start ? completeThrough(start.after) + 1 : start.startLedger
}

/**
 * Returns the page, or throws if it ends before its start or after its own tip. Its events were
 * checked when the answer was read.
 */
export function checkedPage(page: LedgerPage, start: PageStart): LedgerPage {
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
