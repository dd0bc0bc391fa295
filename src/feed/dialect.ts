import type { LogEntry } from '../store/read/log.ts'

/**
 * Another way to write events, for clients of another API. Subscriptions with the same filter and
 * dialect share their bytes. Control frames are the same in every dialect.
 */
export interface Dialect {
  /** Distinguishes it from other dialects. */
  readonly name: string
  /** The block of an event; its last field is `id`. Live, it is made once for all subscriptions. */
  eventBlock(entry: LogEntry): string
  /** The event's name on the wire. */
  nameOf(type: string): string
}
