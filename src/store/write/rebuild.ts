import type { Decode } from '../../domain/event.ts'
import { createBaselines } from './baselines.ts'
import { createCoverage } from '../read/coverage.ts'
import type { Sqlite } from '../open.ts'
import { createProjection } from './projection.ts'
import { createReplay, scannedThrough } from './refold.ts'
import type { LogRow } from './refold.ts'
import { raiseRevision } from '../revision.ts'

export interface Rebuilt {
  events: number
  /** Rows whose reading changed. */
  rewritten: number
  /** Events that were unrecognised and now are not. */
  recognised: number
  unrecognised: number
  streams: number
  /** Streams that differ from what the projection had, new and vanished ones included. */
  streamsChanged: number
}

const PAGE = 5_000

/**
 * Refolds every stream from the log, on what the chain told of it, and decodes every stored event
 * again, in one transaction: a reader sees the old rows or the new ones. `onProgress` is told how many events are done.
 */
export function rebuild(
  sqlite: Sqlite,
  decode: Decode,
  onProgress: (events: number) => void = () => {},
): Rebuilt {
  const projection = createProjection(sqlite)
  const baselines = createBaselines(sqlite)
  const coverage = createCoverage(sqlite)
  const replay = createReplay(sqlite, projection, baselines, decode)
  const page = sqlite.prepare(
    'select id, type, data, raw from events where id > ? order by id limit ?',
  )

  function readLog(): Pick<Rebuilt, 'events' | 'rewritten' | 'recognised'> & {
    counts: Map<string, number>
  } {
    const counts = new Map<string, number>()
    let events = 0
    let rewritten = 0
    let recognised = 0
    let after = ''
    for (;;) {
      const rows = page.all(after, PAGE) as LogRow[]
      const last = rows.at(-1)
      if (last === undefined) return { events, rewritten, recognised, counts }
      for (const row of rows) {
        const { type, changed } = replay.reread(row)
        counts.set(type, (counts.get(type) ?? 0) + 1)
        if (changed) rewritten += 1
        if (row.type === 'unrecognised' && type !== 'unrecognised') recognised += 1
      }
      projection.flush()
      projection.clear()
      events += rows.length
      after = last.id
      onProgress(events)
    }
  }

  /** Streams that the chain told of, where no later event has asked for them. */
  function settle(): void {
    const through = scannedThrough(coverage)
    for (const streamId of baselines.between(-1, through)) replay.finish(streamId, through)
    projection.flush()
  }

  return sqlite
    .transaction((): Rebuilt => {
      sqlite.exec(
        `create temp table streams_before as select * from streams;
         delete from streams; delete from stream_totals`,
      )
      const { counts, ...log } = readLog()
      settle()
      // Not of the log: what the chain said last.
      sqlite.exec(
        `update streams set live_until_ledger = old.live_until_ledger from streams_before as old
         where old.stream_id = streams.stream_id and old.live_until_ledger is not null`,
      )
      sqlite.exec('delete from event_counts')
      const count = sqlite.prepare('insert into event_counts (type, count) values (?, ?)')
      for (const [type, total] of counts) count.run(type, total)
      const streams = number(sqlite, 'select count(*) from streams')
      const streamsChanged = number(
        sqlite,
        `select count(distinct stream_id) from (
           select * from (select * from streams except select * from streams_before)
           union all
           select * from (select * from streams_before except select * from streams))`,
      )
      sqlite.exec('drop table streams_before')
      if (log.rewritten + streamsChanged > 0) raiseRevision(sqlite)
      return { ...log, unrecognised: counts.get('unrecognised') ?? 0, streams, streamsChanged }
    })
    .immediate()
}

function number(sqlite: Sqlite, query: string): number {
  return sqlite.prepare(query).pluck().get() as number
}
