/**
 * Why a ledger source could not answer, and how the program reacts. The set is closed. Code that
 * meets a fault looks up the reaction in this table and decides nothing itself.
 *
 * - `unreachable` no connection, a reset, a DNS error, a 502 from a proxy
 * - `timeout` no answer within our own time limit
 * - `busy` 429, 503 or a full queue; `retryAfterMs` if the server said so
 * - `time_limit` the server (-32001), or a proxy in front of it (504), reached its own time limit
 * - `too_many` more was asked for than the server answers in one call; `limit` if it said so
 * - `malformed` not an answer of the method: HTML, cut short, without a result
 * - `not_ready` the node has no ledgers yet or is catching up
 * - `behind` the node has not reached our cursor yet
 * - `outside_retention` the node no longer has the ledgers after our cursor
 * - `history_changed` the node has another chain than the log: the network has started over
 * - `refused` the node understood the request and does not answer it
 * - `unknown` any other error; the message is its text
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
  /** Do not ask the endpoint for a while, and prefer others until it answers well again. */
  cools: boolean
  /** The next request asks for fewer of these. */
  askLess: 'ledgers' | 'events' | undefined
  /** The endpoint may have another chain now. Its chain is checked before a page is applied. */
  doubtsChain: boolean
  /** The endpoint may serve another network now. The network is checked before the next page. */
  doubtsNetwork: boolean
  /** Evidence that ledgers are lost. Only the rule of promise P3 turns it into a gap. */
  countsTowardsGap: boolean
  /** Ingestion cannot continue until a person acts. `/ready` and `/status` say so. */
  alarms: boolean
  /**
   * If endpoints fail in different ways, the fault with the highest weight is reported. Faults of
   * the request come first, then those of a server, then those of a connection.
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
  // The request was the problem, not the endpoint.
  behind: { ...RETRY, cools: false, weight: 8 },
  time_limit: { ...RETRY, cools: false, askLess: 'ledgers', doubtsChain: false, weight: 10 },
  too_many: { ...RETRY, cools: false, askLess: 'events', doubtsChain: false, weight: 11 },
  outside_retention: { ...RETRY, cools: false, countsTowardsGap: true, weight: 0 },
  // Lighter than every fault that passes: an endpoint that is only away may still answer.
  refused: { ...RETRY, weight: 0 },
  history_changed: { ...RETRY, doubtsNetwork: true, alarms: true, weight: 12 },
}
