import { SourceError } from '../domain/errors.ts'
import { REACTIONS } from '../domain/faults.ts'
import type { Endpoint } from './endpoint/endpoint.ts'
import { firstLedgerOf } from '../source/page-start.ts'
import type { Failure } from './race.ts'
import type { PageStart } from '../source/source.ts'

/**
 * What it means when no endpoint could answer: the one fault that says most about what to do next.
 * Above all, whether ledgers are lost, which must not be said as long as an endpoint may have them.
 */
export interface Failed {
  endpoints: readonly Endpoint[]
  failures: readonly Failure<Endpoint>[]
  /** How many endpoints have to answer a page alike. */
  agreement: 1 | 2
  /** Those that have answered, where that is not enough. */
  answered?: readonly Endpoint[]
  /** Of the page that was asked for. */
  start?: PageStart
  networkPassphrase: string
}

/** Evidence that ledgers are lost is asked for again so much later. */
const ASK_AGAIN_MS = 10_000

export function allFailed(failed: Failed): SourceError {
  const { endpoints, failures, answered = [] } = failed
  const usable = endpoints.filter((endpoint) => endpoint.aside() === undefined)
  if (usable.length === 0) return noneServes(failed)
  const lost = ledgersLost(failed, usable)
  if (lost !== undefined) return lost
  const ofUsable = failures.filter(({ from }) => usable.includes(from))
  const worst = mostTelling(ofUsable, usable)
  if (worst !== undefined && endpoints.length === 1) return named(worst)
  const text = failures.map(({ from, error }) => `${from.name}: ${error.fault}: ${error.message}`)
  if (answered.length > 0) text.unshift(`only ${answered[0]!.name} could answer of the two needed`)
  const options = {
    cause: worst?.error,
    retryAfterMs: leastWait(usable),
    range: worst?.error.range,
    endpoint: (worst === undefined ? ofUsable : [worst]).map(({ from }) => from.name).join(', '),
  }
  if (worst !== undefined) {
    return new SourceError(worst.error.fault, `no RPC could answer: ${text.join('; ')}`, options)
  }
  // Either the others have short histories, or those that were not asked may have longer ones.
  const fault = answered.length > 0 ? 'unknown' : 'unreachable'
  return new SourceError(fault, `not every RPC has answered: ${text.join('; ')}`, options)
}

/**
 * The failure to report. A refusal says nothing as long as another endpoint may yet answer, and
 * that ledgers are outside its retention neither.
 */
function mostTelling(
  failures: readonly Failure<Endpoint>[],
  usable: readonly Endpoint[],
): Failure<Endpoint> | undefined {
  const [worst] = failures.toSorted((a, b) => weight(b) - weight(a))
  if (worst === undefined || weight(worst) > 0) return worst
  const saidSo = failures.filter(({ error }) => error.fault === worst.error.fault)
  return usable.every((endpoint) => saidSo.some(({ from }) => from === endpoint))
    ? worst
    : undefined
}

function weight({ error }: Failure<Endpoint>): number {
  return REACTIONS[error.fault].weight
}

/** The least that a server which could have answered asked to be left alone for. */
function leastWait(usable: readonly Endpoint[]): number | undefined {
  const waitMs = Math.min(...usable.map(({ health }) => health.askedToWaitMs()))
  return waitMs > 0 ? waitMs : undefined
}

function named({ from, error }: Failure<Endpoint>): SourceError {
  const { fault, message, retryAfterMs, range, limit } = error
  const options = { cause: error, retryAfterMs, range, limit, endpoint: from.name }
  return new SourceError(fault, message, options)
}

/** Where all are of another network, or without the contract. */
function noneServes({ endpoints, failures, networkPassphrase }: Failed): SourceError {
  // The contract is missing because the network has started over.
  const alarming = failures.find(({ error }) => REACTIONS[error.fault].alarms)
  if (alarming !== undefined) return named(alarming)
  const seen = endpoints.map((endpoint) => `${endpoint.name} ${endpoint.aside()?.detail}`)
  return new SourceError(
    'refused',
    `no RPC serves the contract on the network "${networkPassphrase}": ${seen.join('; ')}: set RPC_URL, NETWORK and CONTRACT_ID so that they fit`,
    { endpoint: endpoints.map(({ name }) => name).join(', ') },
  )
}

/**
 * Only if every endpoint in service says so: one that is merely away, or behind, may have what the
 * others have lost. It is certain once each has said so often enough.
 */
function ledgersLost(failed: Failed, usable: readonly Endpoint[]): SourceError | undefined {
  const { failures, agreement, answered = [], start } = failed
  const outside = failures.filter(({ error }) => REACTIONS[error.fault].countsTowardsGap)
  const voters = usable.filter((endpoint) => endpoint.isInService())
  if (start === undefined || answered.length > 0 || voters.length === 0) return undefined
  const needed = firstLedgerOf(start)
  const confirmed = voters.every(({ evidence }) => evidence.proves(needed))
  const saySo = voters.every((voter) => outside.some(({ from }) => from === voter))
  if (!confirmed && !saySo) return undefined
  const text = voters.map(({ name, ledgers }) => `${name}: its oldest is ${ledgers.oldest()}`)
  return new SourceError('outside_retention', `the ledgers are gone: ${text.join('; ')}`, {
    cause: outside[0]?.error,
    retryAfterMs: confirmed ? undefined : ASK_AGAIN_MS,
    // Two that have to agree can do so only from the second-longest history on.
    range: rangeOf(voters, needed, confirmed ? agreement : 1),
    confirmed,
    endpoint: voters.map(({ name }) => name).join(', '),
  })
}

/** From the oldest ledger after the one needed that so many endpoints have. */
function rangeOf(
  voters: readonly Endpoint[],
  needed: number,
  agreeing: number,
): { oldest: number; latest: number } | undefined {
  // Behind one URL there may be several nodes: the longest history of them counts.
  const all = voters.map(
    ({ evidence, ledgers }) =>
      evidence.oldestAfter(needed) ?? ledgers.oldest() ?? Number.POSITIVE_INFINITY,
  )
  const oldest = all.toSorted((a, b) => a - b)[Math.min(agreeing, all.length) - 1]
  const latest = Math.max(...voters.map(({ ledgers }) => ledgers.latest() ?? 0))
  return oldest === undefined || oldest > latest ? undefined : { oldest, latest }
}
