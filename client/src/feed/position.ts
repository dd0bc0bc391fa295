import type { Frame } from './frames.ts'

/** How far the feed has come. Positions compare as text. */
export interface Position {
  /** What the next line is asked for: a position, `earliest` or `now`. */
  now(): string
  /** It is a position, not a word. */
  isKnown(): boolean
  /** An earlier line has led here, so there is something to resume. */
  isResumed(): boolean
  newLine(): void
  /** Moves on with the frame; false: it has come before and must be dropped. */
  accept(frame: Frame): boolean
  moveTo(cursor: string): void
}

const FORM = /^\d{19}-\d{10}$/

export function createPosition(from: string): Position {
  let now = from
  let isResumed = false
  let isFirst = true

  function move(cursor: string): void {
    now = cursor
    isResumed = true
  }

  return {
    now: () => now,
    isKnown: () => FORM.test(now),
    isResumed: () => isResumed,
    newLine() {
      isFirst = true
    },
    accept(frame) {
      switch (frame.kind) {
        case 'connected':
          if (!FORM.test(now)) move(frame.body.cursor)
          return true
        case 'event':
          isFirst = false
          if (FORM.test(now) && frame.body.id <= now) return false
          move(frame.body.id)
          return true
        case 'caught_up':
        case 'cursor':
          if (!FORM.test(now) || frame.body.cursor > now) move(frame.body.cursor)
          return true
        case 'reset': {
          // Only the start of a line can lead back, from a position that the log does not have.
          const { cursor, reason } = frame.body
          if (cursor < now && !(isFirst && reason === 'ahead')) return false
          move(cursor)
          return true
        }
        case 'reconnect':
        case 'announcement':
          return true
      }
    },
    moveTo: move,
  }
}
