import type { Cursor } from '../../domain/cursor.ts'
import type { Stream } from '../../domain/stream.ts'
import { createRevision } from '../revision.ts'
import type { Sqlite } from '../sqlite.ts'
import type { EventFacts } from './chain-records.ts'

/** What the events of a stream up to one of them gave. */
export interface FoldState {
  /** The id of the last event that is in it. */
  position: Cursor
  stream: Stream | undefined
  facts: EventFacts
  /** Whether the record has taken the place of what the events before gave. */
  isReplaced: boolean
}

/**
 * States that were folded before, so that a read of the past does not fold a long stream from its
 * first event each time. All connections to one database share them. They are bounded: the streams
 * that were not read for the longest time lose theirs, and a single long one keeps every second.
 */
export interface FoldStates {
  /** A state is kept after this many events. */
  stride: number
  of(streamId: string): Kept | undefined
  add(streamId: string, seen: Seen, state: FoldState): void
  drop(streamId: string): void
}

/** The states of one stream, by position. They are right for a reader that has seen the same. */
export interface Kept {
  seen: Seen
  states: FoldState[]
}

/** What a snapshot of the database shows. */
export interface Seen {
  /** Records and stored events are the same while this is. */
  revision: number
  /** Row of the newest event. A late event gets a new row, too, and no row is deleted. */
  newest: number
}

/** Folding that many takes about 5 ms, in turns. */
const STRIDE = 512
/** About 2 MB; enough for two million events. */
const MOST_STATES = 4_096

export function createFoldStates({ stride = STRIDE, most = MOST_STATES } = {}): FoldStates {
  /** By stream, the one that was read last at the end. */
  const byStream = new Map<string, Kept>()
  let count = 0

  function drop(streamId: string): void {
    count -= byStream.get(streamId)?.states.length ?? 0
    byStream.delete(streamId)
  }

  function makeRoom(): void {
    while (count > most) {
      const [[oldest, kept] = []] = byStream
      if (oldest === undefined || kept === undefined) return
      if (byStream.size > 1) drop(oldest)
      else thin(kept)
    }
  }

  function thin(kept: Kept): void {
    count -= kept.states.length
    kept.states = kept.states.filter((_, index) => index % 2 === 1)
    count += kept.states.length
  }

  return {
    stride,
    drop,
    of(streamId) {
      const kept = byStream.get(streamId)
      if (kept === undefined) return undefined
      byStream.delete(streamId)
      byStream.set(streamId, kept)
      return kept
    },
    add(streamId, seen, state) {
      const kept = byStream.get(streamId) ?? { seen, states: [] }
      byStream.set(streamId, kept)
      if (!isSame(kept.seen, seen)) return
      const at = indexAfter(kept.states, state.position)
      if (kept.states[at - 1]?.position === state.position) return
      kept.states.splice(at, 0, state)
      count += 1
      makeRoom()
    },
  }
}

function isSame(a: Seen, b: Seen): boolean {
  return a.revision === b.revision && a.newest === b.newest
}

/** How many states are not after a position. */
function indexAfter(states: readonly FoldState[], position: Cursor): number {
  let [low, high] = [0, states.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((states[middle]?.position ?? '') <= position) low = middle + 1
    else high = middle
  }
  return low
}

export interface Resumed {
  /** The newest state that is not after the position; undefined: fold from the first event. */
  state: FoldState | undefined
  /** Keeps a state that was folded in the same snapshot. */
  keep(state: FoldState): void
}

/** Where to begin folding; in steps of less than a millisecond, in one snapshot. */
export type Resume = (streamId: string, position: Cursor) => Generator<never[], Resumed>

/** Rows of events that are looked at in half a millisecond. */
const ROWS_PER_STEP = 1_000
/** If more came since, folding again is not much dearer. */
const MOST_ROWS = 100_000

/** Reads with the states of `states`; `sqlite` is one of the connections that share them. */
export function createResume(sqlite: Sqlite, states: FoldStates): Resume {
  const revision = createRevision(sqlite)
  const newest = sqlite.prepare<[], number | null>('select max(rowid) from events').pluck()
  const earliest = sqlite
    .prepare<[number, number, string], Cursor | null>(
      `select min(id) from events not indexed
       where rowid > ? and rowid <= ? and stream_id = ?`,
    )
    .pluck()

  /** The first event of a stream among those that came between. */
  function* firstBetween(
    streamId: string,
    { from, to }: { from: number; to: number },
  ): Generator<never[], Cursor | undefined> {
    let first: Cursor | undefined
    for (let row = from; row < to; row += ROWS_PER_STEP) {
      const id = earliest.get(row, Math.min(to, row + ROWS_PER_STEP), streamId) ?? undefined
      if (id !== undefined && (first === undefined || id < first)) first = id
      yield []
    }
    return first
  }

  /** The stream's states, without those that a late event has made wrong. */
  function* rightFor(streamId: string, seen: Seen): Generator<never[], Kept | undefined> {
    const kept = states.of(streamId)
    if (kept === undefined || isSame(kept.seen, seen)) return kept
    const before = kept.seen
    // Another reader has seen more already.
    if (before.newest > seen.newest) return undefined
    if (before.revision !== seen.revision || seen.newest - before.newest > MOST_ROWS) {
      states.drop(streamId)
      return undefined
    }
    const late = yield* firstBetween(streamId, { from: before.newest, to: seen.newest })
    if (late !== undefined && late <= (kept.states.at(-1)?.position ?? '')) {
      states.drop(streamId)
      return undefined
    }
    // Another reader may have come first during the steps.
    if (kept.seen === before) kept.seen = seen
    return isSame(kept.seen, seen) ? kept : undefined
  }

  return function* (streamId, position) {
    const seen = { revision: revision(), newest: newest.get() ?? 0 }
    const kept = (yield* rightFor(streamId, seen))?.states ?? []
    return {
      state: kept[indexAfter(kept, position) - 1],
      keep: (state) => states.add(streamId, seen, state),
    }
  }
}
