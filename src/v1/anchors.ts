import type { Stream } from '../domain/stream.ts'

/** The first streams in the order of their anchors: the times from which their amounts accrue. */
export interface First {
  /** In steps of less than a millisecond, as all that is done here. */
  add(streams: readonly Pick<Stream, 'lastUpdateTime' | 'streamId'>[]): Generator<void, void>
  ids(range: { offset: number; limit: number }): Generator<void, bigint[]>
}

/**
 * A sorted run, because it can be as long as there are streams: anchor and id of the first stream,
 * anchor and id of the second, and so on. So a stream takes 16 bytes.
 */
type Run = BigUint64Array

/** Streams that are merged in half a millisecond. */
const STREAMS_PER_STEP = 2_000

/** Keeps the first `most`. Runs of similar length are merged, so each stream is moved a few times. */
export function createFirst({ order, most }: { order: 'asc' | 'desc'; most: number }): First {
  const isBefore = order === 'asc' ? isEarlier : (a: Anchor, b: Anchor) => isEarlier(b, a)
  /** The longer ones first. */
  const runs: Run[] = []

  function* mergeLast(): Generator<void, void> {
    const [a = EMPTY, b = EMPTY] = runs.splice(-2)
    runs.push(yield* merge(a, b))
  }

  function* merge(a: Run, b: Run): Generator<void, Run> {
    const merged = new BigUint64Array(Math.min(a.length + b.length, 2 * most))
    let [fromA, fromB] = [0, 0]
    for (let to = 0; to < merged.length; to += 2) {
      const isOfA = fromB >= b.length || (fromA < a.length && isBefore(at(a, fromA), at(b, fromB)))
      const [run, from] = isOfA ? [a, fromA] : [b, fromB]
      merged[to] = run[from] ?? 0n
      merged[to + 1] = run[from + 1] ?? 0n
      if (isOfA) fromA += 2
      else fromB += 2
      if (to % (2 * STREAMS_PER_STEP) === 0) yield
    }
    return merged
  }

  return {
    *add(streams) {
      const sorted = streams
        .map(({ lastUpdateTime, streamId }): Anchor => [lastUpdateTime, streamId])
        .toSorted((a, b) => (isBefore(a, b) ? -1 : 1))
      runs.push(BigUint64Array.from(sorted.slice(0, most).flat()))
      while ((runs.at(-2)?.length ?? Infinity) <= (runs.at(-1)?.length ?? 0)) yield* mergeLast()
    },
    *ids({ offset, limit }) {
      while (runs.length > 1) yield* mergeLast()
      const [all = EMPTY] = runs
      return [...all.subarray(2 * offset, 2 * (offset + limit))].filter(
        (_, index) => index % 2 === 1,
      )
    },
  }
}

type Anchor = readonly [anchor: bigint, id: bigint]

const EMPTY: Run = new BigUint64Array()

/** The newer stream counts as later. */
function isEarlier(a: Anchor, b: Anchor): boolean {
  return a[0] === b[0] ? a[1] < b[1] : a[0] < b[0]
}

function at(run: Run, index: number): Anchor {
  return [run[index] ?? 0n, run[index + 1] ?? 0n]
}
