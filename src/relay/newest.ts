import { endOfLedger, ledgerOf } from '../domain/cursor.ts'
import type { Cursor } from '../domain/cursor.ts'
import type { Head } from './carrier.ts'

/**
 * The network's newest ledger, as far as any node has published it. A position beyond what we know
 * may have been published a moment ago. So the answer for it comes from a question to Redis that was
 * asked after the position was first seen; until then, and while Redis is away, it is undefined.
 */
export type Newest = (position: Cursor) => number | undefined

/** For so long an answer is good enough for the same position. */
const GOOD_MS = 3_000
const MOST_POSITIONS = 1_000

export function createNewest(
  read: () => Promise<Head | undefined>,
  now: () => number = () => performance.now(),
): Newest {
  /** The highest ledger that was ever heard of. */
  let newest: number | undefined
  /** By position: the number of the question that answers it, and since when. */
  const positions = new Map<Cursor, { question: number; since: number }>()
  let asked = 0
  let answered = 0
  let asking = false

  async function ask(): Promise<void> {
    asking = true
    asked += 1
    const question = asked
    try {
      const head = await read()
      if (head !== undefined) {
        newest = Math.max(newest ?? 0, head.tip, ledgerOf(head.cursor))
        answered = question
      }
    } catch {
      // Redis is away: those who asked wait.
    }
    asking = false
  }

  return (position) => {
    if (newest !== undefined && position <= endOfLedger(newest)) return newest
    for (const [old, { since }] of positions) {
      if (now() - since <= GOOD_MS && positions.size <= MOST_POSITIONS) break
      positions.delete(old)
    }
    let seen = positions.get(position)
    if (seen === undefined) {
      seen = { question: asked + 1, since: now() }
      positions.set(position, seen)
    }
    if (answered >= seen.question) return newest
    if (!asking) void ask()
    return undefined
  }
}
