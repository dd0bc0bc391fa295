/**
 * The one table of faults: why a ledger source could not answer, and what is done about it. The
 * set is closed. Code that meets a fault looks its reaction up here and decides nothing itself.
 *
 * - `unreachable` no connection, reset, DNS, a proxy's 502
 * - `timeout` no answer within our own time limit
 * - `busy` 429, 503 or a full queue; `retryAfterMs` where the server said so
 * - `time_limit` the server, or a proxy before it (504), gave up on its own time limit (-32001)
 * - `too_many` more events were asked for than the server answers at once; `limit` where it said so
 * - `malformed` an answer that the method does not have: HTML, cut short, no result
 * - `not_ready` the node has no ledgers yet or is catching up
 * - `behind` the node has not reached our cursor yet
 * - `outside_retention` the node has forgotten the ledger of our cursor
 * - `history_changed` the node's chain is not the one in the log: the network started over
 * - `refused` the node understood the request and will not answer it
 * - `unknown` an error that is not described here; the message is its text
 */
export type Fault =
  | 'unreachable'
  | 'timeout'
  | 'busy'
  | 'time_limit'
  | 'too_many'
  | 'malformed'
  | 'not_ready'
  | 'behind'
  | 'outside_retention'
  | 'history_changed'
  | 'refused'
  | 'unknown'

export interface Reaction {
  /** Leave the endpoint alone for a while, and prefer others until it has answered well again. */
  cools: boolean
  /** What the next request asks less of. */
  askLess: 'ledgers' | 'events' | undefined
  /** Another chain may answer there now: a page is applied only after its chain was checked. */
  doubtsChain: boolean
  /** Another network may be served there now: whose it is has to be asked before the next page. */
  doubtsNetwork: boolean
  /** It is evidence that ledgers are lost; only the rule of promise P3 turns it into a gap. */
  countsTowardsGap: boolean
  /** Nothing goes on until a person acts: `/ready` and `/status` say so. */
  alarms: boolean
  /**
   * How much the fault says about what to do next, when each endpoint has failed in its own way:
   * the highest is reported. Faults of the request first, then of a server, then of a connection.
   */
  weight: number
}

const RETRY: Reaction = {
  cools: true,
  askLess: undefined,
  doubtsChain: true,
  doubtsNetwork: false,
  countsTowardsGap: false,
  alarms: false,
  weight: 0,
}

export const REACTIONS: Readonly<Record<Fault, Reaction>> = {
  unreachable: { ...RETRY, doubtsNetwork: true, weight: 1 },
  timeout: { ...RETRY, askLess: 'ledgers', doubtsNetwork: true, weight: 2 },
  busy: { ...RETRY, weight: 3 },
  not_ready: { ...RETRY, weight: 4 },
  unknown: { ...RETRY, weight: 5 },
  malformed: { ...RETRY, weight: 6 },
  // What was asked for was wrong, not the endpoint.
  behind: { ...RETRY, cools: false, weight: 8 },
  time_limit: { ...RETRY, cools: false, askLess: 'ledgers', doubtsChain: false, weight: 10 },
  too_many: { ...RETRY, cools: false, askLess: 'events', doubtsChain: false, weight: 11 },
  outside_retention: { ...RETRY, cools: false, countsTowardsGap: true, weight: 0 },
  // Below every transient fault: another endpoint that is only away may still answer.
  refused: { ...RETRY, weight: 0 },
  history_changed: { ...RETRY, doubtsNetwork: true, alarms: true, weight: 12 },
}
