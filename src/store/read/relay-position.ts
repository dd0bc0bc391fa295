import type { Sqlite } from '../sqlite.ts'

/** A place in the stream of changes between machines. */
export interface RelayPosition {
  sequence: number
  /** Which change has this number. */
  change: string
}

/** Before the first change. */
export const NO_CHANGES: RelayPosition = { sequence: 0, change: '' }

/** Reads the last change that the database holds. */
export function createRelayPosition(sqlite: Sqlite): () => RelayPosition {
  const read = sqlite.prepare<[], RelayPosition>('select sequence, change from relay_position')
  return () => read.get() ?? NO_CHANGES
}
