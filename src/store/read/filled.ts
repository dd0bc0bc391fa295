import { completeThrough } from '../../domain/cursor.ts'
import type { Cursor } from '../../domain/cursor.ts'
import type { Gap, Interval } from './coverage.ts'

interface Known {
  gaps: readonly Gap[]
  floor: Cursor | undefined
}

/** Ledgers that were missing before and are known now: the first gap that shrank, or a lower floor. */
export function firstFilled(before: Known, after: Known): Interval | undefined {
  const isLeft = ({ from, to }: Gap) => after.gaps.some((gap) => gap.from <= from && gap.to >= to)
  return before.gaps.find((gap) => !isLeft(gap)) ?? addedBefore(before.floor, after.floor)
}

/** The ledgers that the log gains when its floor becomes lower. */
function addedBefore(before: Cursor | undefined, after: Cursor | undefined): Interval | undefined {
  if (before === undefined || after === undefined || after >= before) return undefined
  return { from: completeThrough(after) + 1, to: completeThrough(before) }
}
