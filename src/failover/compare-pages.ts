import type { Cursor } from '../domain/cursor.ts'
import type { RawEvent } from '../domain/event.ts'
import type { LedgerPoint } from '../domain/ledger.ts'
import type { LedgerPage } from '../source/source.ts'

/** Where two answers to one question part; the first events there, or undefined where one has none. */
export interface Difference {
  ours: RawEvent | undefined
  theirs: RawEvent | undefined
}

/**
 * The first difference of two pages from the same start, as far as both go: the one that ends
 * earlier says nothing about what comes after it. An id is not enough, as an event under it may
 * have been made up.
 */
export function difference(a: LedgerPage, b: LedgerPage): Difference | undefined {
  const end = earlier(a, b).cursor
  for (let i = 0; ; i += 1) {
    const ours = upTo(end, a.events[i])
    const theirs = upTo(end, b.events[i])
    if (ours === undefined && theirs === undefined) return undefined
    if (!isSame(ours, theirs)) return { ours, theirs }
  }
}

/**
 * What two pages that agree are both complete through: the one that ends earlier. Its tip is the
 * lower one: a caller that pages until the tip would ask without rest for what only one has.
 */
export function sealed(a: LedgerPage, b: LedgerPage): LedgerPage {
  const tip = a.tip.ledger <= b.tip.ledger ? a.tip : b.tip
  return { ...earlier(a, b), tip, oldest: newer(a.oldest, b.oldest) }
}

function earlier(a: LedgerPage, b: LedgerPage): LedgerPage {
  return a.cursor <= b.cursor ? a : b
}

function newer(a: LedgerPoint | undefined, b: LedgerPoint | undefined): LedgerPoint | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a.ledger >= b.ledger ? a : b
}

function upTo(end: Cursor, event: RawEvent | undefined): RawEvent | undefined {
  return event !== undefined && event.id <= end ? event : undefined
}

function isSame(a: RawEvent | undefined, b: RawEvent | undefined): boolean {
  return (
    a?.id === b?.id &&
    a?.value === b?.value &&
    a?.transactionHash === b?.transactionHash &&
    a?.topics.join() === b?.topics.join()
  )
}
