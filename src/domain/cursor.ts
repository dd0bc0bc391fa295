/**
 * Positions in event order, in the RPC's own form: `%019d-%010d`, a TOID
 * (ledger << 32 | transaction << 12 | operation) and an event index.
 * Both parts have a fixed width, so text order is chain order; nothing in this
 * program compares positions in any other way.
 */
export type Cursor = string

const FORM = /^(\d{19})-(\d{10})$/
const MAX_TOID = (1n << 63n) - 1n
const MAX_EVENT_INDEX = 4294967295
const LAST_TRANSACTION = 1048575

/**
 * Servers 22.0 to 22.1.1 end a window with event index 4294967294 and operation 0, later ones with
 * 4294967295 and operation 4095. A real event can have the last transaction number too (refunds
 * after all transactions), but never such an index.
 */
const END_OF_WINDOW_EVENT = 4294967294

/** The highest ledger sequence that a TOID can hold. */
export const MAX_LEDGER = 0x7fffffff

/** Before every event of every ledger. */
export const ORIGIN: Cursor = '0000000000000000000-0000000000'

/** The position `text` denotes, or undefined if it is not of the form or out of its range. */
export function parseCursor(text: string): Cursor | undefined {
  const match = FORM.exec(text)
  if (match === null) return undefined
  const [, toid = '', index = ''] = match
  return BigInt(toid) <= MAX_TOID && Number(index) <= MAX_EVENT_INDEX ? text : undefined
}

/** The ledger a position lies in. */
export function ledgerOf(cursor: Cursor): number {
  return Number(BigInt(cursor.slice(0, 19)) >> 32n)
}

/** The position after everything in `ledger`, as current RPC servers write the end of a window. */
export function endOfLedger(ledger: number): Cursor {
  const toid = (BigInt(ledger + 1) << 32n) - 1n
  return `${toid.toString().padStart(19, '0')}-${MAX_EVENT_INDEX}`
}

/** Whether nothing of the cursor's ledger can come after it: the end-of-window form of any server. */
export function isEndOfLedger(cursor: Cursor): boolean {
  if (Number(cursor.slice(20)) < END_OF_WINDOW_EVENT) return false
  return Number((BigInt(cursor.slice(0, 19)) >> 12n) & 0xfffffn) === LAST_TRANSACTION
}

/** The last ledger of which `cursor` leaves nothing out. */
export function completeThrough(cursor: Cursor): number {
  return isEndOfLedger(cursor) ? ledgerOf(cursor) : ledgerOf(cursor) - 1
}

/** The later of two positions. */
export function later(a: Cursor, b: Cursor): Cursor {
  return a > b ? a : b
}
