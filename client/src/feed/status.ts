import type { FeedError, FeedReason } from './errors.ts'

/**
 * - `connecting` the first attempt
 * - `catching_up` connected; what happened before is still coming
 * - `live` everything has come, and what happens comes at once
 * - `reconnecting` the line is lost; the status says why, and when the next attempt is
 * - `closed` by the application
 * - `failed` the daemon refuses, and trying again would not help
 */
export type FeedState = 'connecting' | 'catching_up' | 'live' | 'reconnecting' | 'closed' | 'failed'

export interface Status {
  state: FeedState
  /** Why the line was lost, while `reconnecting` or `failed`. */
  reason?: FeedReason
  /** Milliseconds since 1970, while `reconnecting`. */
  nextAttemptAt?: number
  error?: FeedError | undefined
}

/** A line that takes over from another has nothing new to say. */
export function isSame(a: Status, b: Status): boolean {
  return a.state === b.state && a.state === 'live'
}
