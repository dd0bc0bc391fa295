/**
 * Which events someone wants: the same filter for the feed, for `/events`, and for reads of the
 * log. An event matches if it belongs to one of `streams` or concerns one of `users`. If both
 * lists are empty, every event matches. `types` narrows the result further.
 */
export interface EventFilter {
  streams: readonly string[]
  users: readonly string[]
  /**
   * Undefined means every type. `unrecognised` events then match only if there are neither streams
   * nor users, because nothing is known about them.
   */
  types: readonly string[] | undefined
  /** Only events of which this is the sender or the recipient. */
  party?: string
}

export const EVERYTHING: EventFilter = { streams: [], users: [], types: undefined }
