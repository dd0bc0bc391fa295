/**
 * Why a ledger source could not answer. A closed set: the ingestion loop decides on it, and on
 * nothing else, what happens next.
 *
 * - `unreachable` no connection, reset, DNS, a proxy's 502
 * - `timeout` no answer in the time allowed
 * - `busy` 429, 503, 504 or a full queue; `retryAfterMs` when the server said so
 * - `slow` the server gave up on its own time limit (-32001): ask for less
 * - `malformed` an answer that is not what the method answers: HTML, cut short, no result
 * - `not_ready` the node has no ledgers yet or is catching up
 * - `behind` the node has not reached our cursor
 * - `outside_retention` the node has forgotten the ledger of our cursor
 * - `history_changed` the node's chain is not the one that was indexed: the network started over
 * - `refused` the node understood the request and will not answer it
 * - `unknown` an error nobody has described; `detail` is its text
 */
export type Fault =
  | 'unreachable'
  | 'timeout'
  | 'busy'
  | 'slow'
  | 'malformed'
  | 'not_ready'
  | 'behind'
  | 'outside_retention'
  | 'history_changed'
  | 'refused'
  | 'unknown'

export class SourceError extends Error {
  override readonly name = 'SourceError'
  readonly fault: Fault
  readonly retryAfterMs: number | undefined
  /** The ledgers the node has, when it told. */
  readonly range: { oldest: number; latest: number } | undefined

  constructor(
    fault: Fault,
    detail: string,
    options: {
      cause?: unknown
      retryAfterMs?: number | undefined
      range?: { oldest: number; latest: number } | undefined
    } = {},
  ) {
    super(detail, { cause: options.cause })
    this.fault = fault
    this.retryAfterMs = options.retryAfterMs
    this.range = options.range
  }
}

/** A mistake of whoever runs or calls the program; the message says what to do about it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
