import type { Cursor } from '../../domain/cursor.ts'
import type { Sqlite } from '../sqlite.ts'

/** A change of what clients may have read before. */
export interface Correction {
  /** A client whose position is from `reach` to `end`, both included, has not seen the change. */
  reach: Cursor
  end: Cursor
}

/** Reads the changes, the oldest first; there are a few dozen at most. */
export function createCorrections(sqlite: Sqlite): () => Correction[] {
  const read = sqlite.prepare<[], Correction>(
    'select reach, end_cursor as end from corrections order by id',
  )
  return () => read.all()
}
