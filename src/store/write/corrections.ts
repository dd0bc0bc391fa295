import { ORIGIN } from '../../domain/cursor.ts'
import type { Cursor } from '../../domain/cursor.ts'
import type { Coverage } from '../read/coverage.ts'
import type { Sqlite } from '../sqlite.ts'

/**
 * Notes that something from `reach` on is not as clients may have read it. Call it in the
 * transaction that makes the change: a client that was away, or a program that starts again, learns
 * of it from here.
 */
export type Correct = (reach: Cursor) => void

const MOST = 64

export function createCorrect(sqlite: Sqlite, coverage: Coverage): Correct {
  const widen = sqlite.prepare<[Cursor, Cursor]>(
    'update corrections set reach = min(reach, ?) where end_cursor = ?',
  )
  const add = sqlite.prepare<[Cursor, Cursor]>(
    'insert into corrections (reach, end_cursor) values (?, ?)',
  )
  const count = sqlite.prepare<[], number>('select count(*) from corrections').pluck()
  const first = sqlite.prepare<[], { id: number; reach: Cursor }>(
    'select id, reach from corrections order by id limit 1',
  )
  const remove = sqlite.prepare<[number]>('delete from corrections where id = ?')
  const widenFirst = sqlite.prepare<[Cursor]>(
    'update corrections set reach = min(reach, ?) where id = (select min(id) from corrections)',
  )

  /** Merges the oldest two: that resets too many clients, never too few. */
  function merge(): void {
    const oldest = first.get()
    if (oldest === undefined) return
    remove.run(oldest.id)
    widenFirst.run(oldest.reach)
  }

  return (reach) => {
    const end = coverage.checkpoint()?.cursor ?? ORIGIN
    if (widen.run(reach, end).changes > 0) return
    add.run(reach, end)
    if ((count.get() ?? 0) > MOST) merge()
  }
}
