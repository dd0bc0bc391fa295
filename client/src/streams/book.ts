import { fold } from '../../../src/domain/fold.ts'
import { claimable } from '../../../src/domain/stream.ts'
import type { Stream as FoldedStream } from '../../../src/domain/stream.ts'
import { streamJson } from '../../../src/domain/stream-json.ts'
import type { Stream } from '../api/shapes.ts'
import { eventFrom, streamFrom } from './from-json.ts'
import type { Change } from './from-json.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * The streams, folded as the daemon folds them. Each has the position that it is complete through,
 * because the pages of a snapshot are read one after the other.
 */
export interface Book {
  /** Replaces everything. */
  load(snapshot: Snapshot): void
  /** False: nothing has changed. */
  apply(event: Change): boolean
  get(id: string): Stream | undefined
  /** By id, as `/streams` answers them. The same array until something has changed. */
  all(): readonly Stream[]
  /** `at`: Unix seconds. */
  claimable(id: string, at: bigint): string | undefined
}

interface Entry {
  stream: FoldedStream
  /** Events up to here are in it. */
  position: string
  /** As it was shown last. */
  shown?: Stream
}

export function createBook(): Book {
  let entries = new Map<string, Entry>()
  /** In their order; undefined while a new one has not found its place. */
  let ids: string[] | undefined
  let list: readonly Stream[] | undefined
  /** When the newest known ledger closed; the amounts of streams are of that time. */
  let closedAt = 0

  /** The same object until something about it has changed. */
  function show(entry: Entry): Stream {
    const amount = claimable(entry.stream, BigInt(closedAt)).toString()
    if (entry.shown?.claimableAmount !== amount) {
      entry.shown = streamJson(entry.stream, BigInt(closedAt))
    }
    return entry.shown
  }

  return {
    load(snapshot) {
      entries = new Map()
      for (const { streams, position } of snapshot.pages) {
        for (const json of streams) {
          const known = entries.get(json.streamId)
          if (known !== undefined && known.position >= position) continue
          entries.set(json.streamId, { stream: streamFrom(json), position })
        }
      }
      closedAt = snapshot.closedAt
      ids = undefined
      list = undefined
    },

    apply(event) {
      const entry = entries.get(event.streamId)
      if (entry !== undefined && event.id <= entry.position) return false
      const stream = fold(entry?.stream, eventFrom(event))
      // Its creation was lost, for the daemon too.
      if (stream === undefined) return false
      if (entry === undefined) ids = undefined
      entries.set(event.streamId, { stream, position: event.id })
      closedAt = Math.max(closedAt, event.timestamp)
      list = undefined
      return true
    },

    get(id) {
      const entry = entries.get(id)
      return entry && show(entry)
    },

    all() {
      ids ??= [...entries.keys()].sort(byNumber)
      return (list ??= ids.map((id) => show(entries.get(id)!)))
    },

    claimable(id, at) {
      const entry = entries.get(id)
      return entry && claimable(entry.stream, at).toString()
    },
  }
}

/** Ids are decimals without leading zeros, too large for numbers. */
function byNumber(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : 1
}
