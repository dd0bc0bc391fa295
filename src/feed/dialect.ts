import type { LogEntry } from '../store/read/log.ts'

/**
 * Another way to write events, for clients of another API. Subscriptions with the same filter and
 * dialect share their bytes. Control frames are the same in every dialect.
 */
export interface Dialect {
  /** Distinguishes it from other dialects. */
  readonly name: string
  /** The block of an event; its last field is `id`. Called once for each event and group's page. */
  eventBlock(entry: LogEntry): string
  /** The event's name on the wire. */
  nameOf(type: string): string
}
