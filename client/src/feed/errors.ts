/**
 * Why there is no connection.
 *
 * - `unreachable` no answer; `offline` the browser says that it has no network
 * - `unavailable` the daemon is too busy for now: 408, 429, 5xx
 * - `unauthorized` a 401; `token` the application's own token function has failed
 * - `refused` another 4xx: asking again would not help
 * - `cut` the connection ended without a word; `silent` nothing came for three heartbeats
 * - `unreadable` what came was not the feed
 * - `shutdown`, `max_age`, `token_expired`, `closed` the daemon said so before it ended it
 * - `requested` the application asked for a new connection; `online` the network has come back
 */
export type FeedReason =
  | 'unreachable'
  | 'offline'
  | 'unavailable'
  | 'unauthorized'
  | 'token'
  | 'refused'
  | 'cut'
  | 'silent'
  | 'unreadable'
  | 'shutdown'
  | 'max_age'
  | 'token_expired'
  | 'closed'
  | 'requested'
  | 'online'

interface Details {
  status?: number | undefined
  cause?: unknown
}

export class FeedError extends Error {
  override readonly name = 'FeedError'
  readonly reason: FeedReason
  /** Of the daemon's answer, if there was one. */
  readonly status: number | undefined

  constructor(reason: FeedReason, message: string, { status, cause }: Details = {}) {
    super(message, { cause })
    this.reason = reason
    this.status = status
  }
}
