import { ORIGIN } from '../../domain/cursor.ts'
import type { Sqlite } from '../sqlite.ts'
import { raiseRevision } from '../revision.ts'
import type { Correct } from './corrections.ts'
import { createRefold } from './refold.ts'
import type { LogRow, RefoldDeps } from './refold.ts'

export interface Rebuilt {
  events: number
  /** Events whose stored row has changed. */
  rewritten: number
  /** Events that were unrecognised before and are not now. */
  recognised: number
  unrecognised: number
  streams: number
  /** Streams that differ from before, new and vanished ones included. */
  streamsChanged: number
}

const PAGE = 5_000

const CHANGED_STREAMS = `
  select count(distinct stream_id) from (
    select * from (select * from streams except select * from streams_before)
    union all
    select * from (select * from streams_before except select * from streams))`

/**
 * Decodes every stored event again and folds every stream again from the log and its record. Runs
 * in the caller's transaction, so a reader sees either the old rows or the new ones.
 */
export function createRebuild(
  deps: RefoldDeps & { correct: Correct },
): (onProgress?: (events: number) => void) => Rebuilt {
  return (onProgress = () => {}) => {
    const { sqlite, coverage, projection, records } = deps
    const refold = createRefold(deps)
    sqlite.exec(
      `create temp table streams_before as select * from streams;
       delete from streams; delete from stream_totals`,
    )
    const counts = new Map<string, number>()
    let [events, rewritten, recognised] = [0, 0, 0]
    for (const rows of pagesOf(sqlite)) {
      for (const row of rows) {
        const { type, isRewritten } = refold.event(row)
        counts.set(type, (counts.get(type) ?? 0) + 1)
        if (isRewritten) rewritten += 1
        if (row.type === 'unrecognised' && type !== 'unrecognised') recognised += 1
      }
      projection.flush()
      projection.clear()
      events += rows.length
      onProgress(events)
    }
    // Streams that have a record, but no event after it.
    for (const streamId of records.between(-1, coverage.scannedThrough())) refold.finish(streamId)
    projection.flush()
    keepLifetimes(sqlite)
    saveCounts(sqlite, counts)
    const streams = numberOf(sqlite, 'select count(*) from streams')
    const streamsChanged = numberOf(sqlite, CHANGED_STREAMS)
    sqlite.exec('drop table streams_before')
    if (rewritten + streamsChanged > 0) {
      raiseRevision(sqlite)
      deps.correct(ORIGIN)
    }
    const unrecognised = counts.get('unrecognised') ?? 0
    return { events, rewritten, recognised, unrecognised, streams, streamsChanged }
  }
}

function* pagesOf(sqlite: Sqlite): Generator<LogRow[]> {
  const page = sqlite.prepare<[string, number], LogRow>(
    'select id, type, data, raw from events where id > ? order by id limit ?',
  )
  let after: string | undefined = ''
  while (after !== undefined) {
    const rows = page.all(after, PAGE)
    if (rows.length > 0) yield rows
    after = rows.at(-1)?.id
  }
}

/** Neither the log nor a record has them: they are what the chain said last. */
function keepLifetimes(sqlite: Sqlite): void {
  sqlite.exec(
    `update streams set live_until_ledger = old.live_until_ledger from streams_before as old
     where old.stream_id = streams.stream_id and old.live_until_ledger is not null`,
  )
}

function saveCounts(sqlite: Sqlite, counts: ReadonlyMap<string, number>): void {
  sqlite.exec('delete from event_counts')
  const save = sqlite.prepare('insert into event_counts (type, count) values (?, ?)')
  for (const [type, count] of counts) save.run(type, count)
}

function numberOf(sqlite: Sqlite, query: string): number {
  return sqlite.prepare<[], number>(query).pluck().get() ?? 0
}
