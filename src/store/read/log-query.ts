import type { Cursor } from '../../domain/cursor.ts'
import type { EventFilter } from '../../domain/filter.ts'

/** An entry of the event log; `data` is the event's public JSON. */
export interface LogEntry {
  id: string
  type: string
  streamId: string | null
  sender: string | null
  recipient: string | null
  data: string
}

export type Order = 'asc' | 'desc'

export interface LogQuery {
  filter: EventFilter
  /** Exclusive; undefined: from the log's beginning. */
  after?: Cursor | undefined
  /** Inclusive. */
  through?: Cursor | undefined
  /** Exclusive. */
  before?: Cursor | undefined
  order?: Order
  limit: number
}

export interface LogPage {
  entries: LogEntry[]
  /**
   * The position after which the next page starts: all matches up to it (in `order`) are in
   * `entries`. Undefined once the whole range was read.
   */
  next: Cursor | undefined
}

/** One index range of the log: the events with this value in this column. */
export interface Key {
  index: 'stream_id' | 'sender' | 'recipient' | 'type'
  value: string
}

/** Positions, both ends exclusive. */
export interface Range {
  low: Cursor
  high: Cursor
}

/** Every position is between these in text order. */
const LOWEST = ''
const HIGHEST = '~'

export const COLUMNS = 'id, type, stream_id as streamId, sender, recipient, data'

/** A party without lists means the same as a user: everything that concerns it. */
export function withoutLoneParty(filter: EventFilter): EventFilter {
  const { streams, users, types, party } = filter
  if (party === undefined || streams.length + users.length > 0) return filter
  return { streams, users: [party], types }
}

/** The index ranges whose union has every match; undefined if that is the whole log. */
export function keysOf({ streams, users, types }: EventFilter): Key[] | undefined {
  if (streams.length === 0 && users.length === 0) {
    return types && distinct(types).map((value) => ({ index: 'type', value }))
  }
  return [
    ...distinct(streams).map((value): Key => ({ index: 'stream_id', value })),
    ...distinct(users).map((value): Key => ({ index: 'sender', value })),
    ...distinct(users).map((value): Key => ({ index: 'recipient', value })),
  ]
}

export function rangeOf({ after, through, before }: Omit<LogQuery, 'filter' | 'limit'>): Range {
  // Nothing sorts between a position and the same position with a space added, so an exclusive
  // bound can stand for an inclusive one.
  const inclusive = through === undefined ? HIGHEST : `${through} `
  const exclusive = before ?? HIGHEST
  return { low: after ?? LOWEST, high: inclusive < exclusive ? inclusive : exclusive }
}

/** The part of a range after a position, in this order. */
export function restOf({ low, high }: Range, position: Cursor, order: Order): Range {
  return order === 'asc' ? { low: position, high } : { low, high: position }
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)]
}
