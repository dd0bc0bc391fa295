import { madeUpHash } from '../recording.ts'
import type {
  RecordedLedger,
  Recording,
  RecordingHeader,
  WireEntry,
  WireEvent,
} from '../recording.ts'

/** A recorded event with its JSON, which is encoded once. */
export interface IndexedEvent {
  readonly event: WireEvent
  readonly json: string
}

/**
 * A recording as a node's database: every ledger from `first` to `last` can be read, although only
 * those with a line are in memory. A ledger without a line is empty. Its close time is interpolated
 * in whole seconds, and its hash is made up.
 */
export interface Ledgers {
  readonly header: RecordingHeader
  readonly first: number
  readonly last: number
  /** The events of all contracts, in order of id. */
  readonly events: readonly IndexedEvent[]
  /** Unix seconds. */
  closeTime(sequence: number): number
  hash(sequence: number): string
  /** Whether the recording has any entries. */
  readonly hasEntries: boolean
  /** The entry with this key, at ledger `latest`. */
  entry(key: string, latest: number): WireEntry | undefined
}

interface Point {
  sequence: number
  closedAt: number
}

export function createLedgers({ header, ledgers }: Recording): Ledgers {
  const points = closeTimes(header, ledgers)
  const hashes = new Map(ledgers.map(({ sequence, hash }) => [sequence, hash]))
  const changes = changesByKey(ledgers)
  const events = ledgers.flatMap((ledger) => ledger.events ?? []).map(indexed)
  return {
    header,
    first: header.firstLedger,
    last: ledgers.at(-1)?.sequence ?? header.firstLedger - 1,
    events,
    closeTime: (sequence) => interpolate(points, sequence),
    hash: (sequence) => hashes.get(sequence) ?? madeUpHash(header.name, sequence),
    hasEntries: changes.size > 0,
    entry(key, latest) {
      const ofKey = changes.get(key) ?? []
      return ofKey[lowerBound(ofKey, ({ sequence }) => sequence <= latest) - 1]?.entry
    },
  }
}

/** The number of items for which `isBefore` holds. They must all come first. */
export function lowerBound<T>(items: readonly T[], isBefore: (item: T) => boolean): number {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = items[middle]
    if (item !== undefined && isBefore(item)) low = middle + 1
    else high = middle
  }
  return low
}

function closeTimes(header: RecordingHeader, ledgers: readonly RecordedLedger[]): Point[] {
  const points = ledgers.map(({ sequence, closedAt }) => ({
    sequence,
    closedAt: seconds(closedAt),
  }))
  if (points[0]?.sequence !== header.firstLedger) {
    points.unshift({ sequence: header.firstLedger, closedAt: seconds(header.firstClosedAt) })
  }
  return points
}

function interpolate(points: readonly Point[], sequence: number): number {
  const index = lowerBound(points, (point) => point.sequence <= sequence)
  const before = points[index - 1]
  const after = points[index]
  if (before === undefined) throw new RangeError(`ledger ${sequence} is before the recording`)
  if (before.sequence === sequence || after === undefined) return before.closedAt
  const share = (sequence - before.sequence) / (after.sequence - before.sequence)
  return before.closedAt + Math.floor((after.closedAt - before.closedAt) * share)
}

function changesByKey(ledgers: readonly RecordedLedger[]) {
  const changes = new Map<string, { sequence: number; entry: WireEntry }[]>()
  for (const { sequence, entries = [] } of ledgers) {
    for (const entry of entries) {
      const ofKey = changes.get(entry.key)
      if (ofKey === undefined) changes.set(entry.key, [{ sequence, entry }])
      else ofKey.push({ sequence, entry })
    }
  }
  return changes
}

function indexed(event: WireEvent): IndexedEvent {
  return { event, json: JSON.stringify(event) }
}

function seconds(closedAt: string): number {
  return Math.floor(Date.parse(closedAt) / 1000)
}
