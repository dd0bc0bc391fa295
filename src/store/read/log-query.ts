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
  /** `through` is inclusive, `before` exclusive. */
  through?: Cursor | undefined
  before?: Cursor | undefined
  order?: Order
  limit: number
}

export interface LogPage {
  entries: LogEntry[]
  /**
   * Where the next page starts: everything that matches up to here (in `order`) is in `entries`.
   * Undefined when the whole range was read.
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

/** The index ranges whose union holds every match; undefined when that is the whole log. */
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
  // One bound serves both: nothing sorts between a position and itself followed by a space.
  const inclusive = through === undefined ? HIGHEST : `${through} `
  const exclusive = before ?? HIGHEST
  return { low: after ?? LOWEST, high: inclusive < exclusive ? inclusive : exclusive }
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)]
}
