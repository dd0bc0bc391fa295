import type { Cursor } from '../domain/cursor.ts'
import type { RawEvent } from '../domain/event.ts'
import type { LedgerPoint } from '../domain/ledger.ts'
import type { LedgerPage } from '../source/source.ts'

/** The first events in which pages `a` and `b` differ; undefined if that page has none there. */
export interface PageDifference {
  a: RawEvent | undefined
  b: RawEvent | undefined
}

/**
 * Compares two pages from the same start, up to the end of the shorter one. Ids alone are not
 * enough: an endpoint may have made up the event under an id.
 */
export function firstDifference(a: LedgerPage, b: LedgerPage): PageDifference | undefined {
  const end = shorter(a, b).cursor
  for (let i = 0; ; i += 1) {
    const ofA = upTo(end, a.events[i])
    const ofB = upTo(end, b.events[i])
    if (ofA === undefined && ofB === undefined) return undefined
    if (!isSame(ofA, ofB)) return { a: ofA, b: ofB }
  }
}

/**
 * The page that two agreeing pages have in common: the shorter one. It has the lower tip of the
 * two: a caller pages until the tip, and would ask without pause for ledgers that only one has.
 */
export function commonPart(a: LedgerPage, b: LedgerPage): LedgerPage {
  const tip = a.tip.ledger <= b.tip.ledger ? a.tip : b.tip
  return { ...shorter(a, b), tip, oldest: newer(a.oldest, b.oldest) }
}

function shorter(a: LedgerPage, b: LedgerPage): LedgerPage {
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
