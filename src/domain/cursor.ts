/**
 * A position in event order, in the form that RPC servers use: `%019d-%010d`, a TOID
 * (ledger << 32 | transaction << 12 | operation) and an event index. Both parts have a fixed width,
 * so text order is chain order. The program never compares positions in another way.
 */
export type Cursor = string

const FORM = /^(\d{19})-(\d{10})$/
const MAX_TOID = (1n << 63n) - 1n
const MAX_EVENT_INDEX = 4294967295
const LAST_TRANSACTION = 1048575

/**
 * At the end of a window, servers 22.0 to 22.1.1 write event index 4294967294 and operation 0,
 * later ones 4294967295 and operation 4095. A real event can have the last transaction number too
 * (refunds after all transactions), but never such an index.
 */
const END_OF_WINDOW_EVENT = 4294967294

/** The highest ledger sequence that a TOID can hold. */
export const MAX_LEDGER = 0x7fffffff

/** Before every event of every ledger. */
export const ORIGIN: Cursor = '0000000000000000000-0000000000'

/** Undefined if `text` does not have the form of a position, or is out of range. */
export function parseCursor(text: string): Cursor | undefined {
  const match = FORM.exec(text)
  if (match === null) return undefined
  const [, toid = '', index = ''] = match
  return BigInt(toid) <= MAX_TOID && Number(index) <= MAX_EVENT_INDEX ? text : undefined
}

/** The ledger of a position. */
export function ledgerOf(cursor: Cursor): number {
  return Number(BigInt(cursor.slice(0, 19)) >> 32n)
}

/** The position after everything in `ledger`, as current RPC servers write it. */
export function endOfLedger(ledger: number): Cursor {
  return position((BigInt(ledger + 1) << 32n) - 1n, MAX_EVENT_INDEX)
}

/** The last position before `cursor`; the first of all positions has none before it. */
export function justBefore(cursor: Cursor): Cursor {
  const [toid, index] = [BigInt(cursor.slice(0, 19)), Number(cursor.slice(20))]
  if (index > 0) return position(toid, index - 1)
  return toid > 0n ? position(toid - 1n, MAX_EVENT_INDEX) : cursor
}

function position(toid: bigint, index: number): Cursor {
  return `${toid.toString().padStart(19, '0')}-${index.toString().padStart(10, '0')}`
}

/** Whether the cursor is after everything in its ledger, in the form of any server version. */
export function isEndOfLedger(cursor: Cursor): boolean {
  if (Number(cursor.slice(20)) < END_OF_WINDOW_EVENT) return false
  return Number((BigInt(cursor.slice(0, 19)) >> 12n) & 0xfffffn) === LAST_TRANSACTION
}

/** The last ledger that lies completely before `cursor`. */
export function completeThrough(cursor: Cursor): number {
  return isEndOfLedger(cursor) ? ledgerOf(cursor) : ledgerOf(cursor) - 1
}

/** The later of two positions. */
export function later(a: Cursor, b: Cursor): Cursor {
  return a > b ? a : b
}
