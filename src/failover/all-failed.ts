import { SourceError } from '../domain/errors.ts'
import { REACTIONS } from '../domain/faults.ts'
import type { LedgerRange } from '../domain/ledger.ts'
import { firstLedgerOf } from '../source/page-start.ts'
import type { PageStart } from '../source/source.ts'
import type { Endpoint } from './endpoint/endpoint.ts'
import type { Failure } from './race.ts'

/**
 * The one error to throw when a call got no answer, or too few. Most of all it decides whether
 * ledgers are lost: never while an endpoint may still have them.
 */
export interface FailedCall {
  endpoints: readonly Endpoint[]
  failures: readonly Failure<Endpoint>[]
  /** How many endpoints must return the same page. */
  needed: 1 | 2
  /** The endpoints that answered, if that was not enough. */
  answered?: readonly Endpoint[]
  /** Of the page that was asked for. */
  start?: PageStart
  networkPassphrase: string
}

/** How soon evidence of lost ledgers is asked for again. */
const ASK_AGAIN_MS = 10_000

export function allFailed(call: FailedCall): SourceError {
  const usable = call.endpoints.filter((endpoint) => endpoint.aside() === undefined)
  if (usable.length === 0) return allSetAside(call)
  return ledgersLost(call, usable) ?? noneAnswered(call, usable)
}

/** Every endpoint serves another network, or lacks the contract. */
function allSetAside({ endpoints, failures, networkPassphrase }: FailedCall): SourceError {
  // If the network has started over, that is why the contract is missing.
  const alarming = failures.find(({ error }) => REACTIONS[error.fault].alarms)
  if (alarming !== undefined) return withEndpoint(alarming)
  const found = endpoints.map((endpoint) => `${endpoint.name} ${endpoint.aside()?.detail}`)
  return new SourceError(
    'refused',
    `no RPC serves the contract on the network "${networkPassphrase}": ${found.join('; ')}: set RPC_URL, NETWORK and CONTRACT_ID so that they match`,
    { endpoint: namesOf(endpoints) },
  )
}

/**
 * `outside_retention`, if every endpoint in service says so: one that is only away or behind may
 * have what the others have lost. It is confirmed once each has said so often enough.
 */
function ledgersLost(call: FailedCall, usable: readonly Endpoint[]): SourceError | undefined {
  const { failures, needed, answered = [], start } = call
  const inService = usable.filter((endpoint) => endpoint.isInService())
  if (start === undefined || answered.length > 0 || inService.length === 0) return undefined
  const ledger = firstLedgerOf(start)
  const outside = failures.filter(({ error }) => REACTIONS[error.fault].countsTowardsGap)
  const isConfirmed = inService.every(({ evidence }) => evidence.proves(ledger))
  const allSaySo = inService.every((endpoint) => outside.some(({ from }) => from === endpoint))
  if (!isConfirmed && !allSaySo) return undefined
  const text = inService.map(({ name, ledgers }) => `${name}: its oldest is ${ledgers.oldest()}`)
  return new SourceError('outside_retention', `the ledgers are lost: ${text.join('; ')}`, {
    cause: outside[0]?.error,
    retryAfterMs: isConfirmed ? undefined : ASK_AGAIN_MS,
    // Two endpoints that must agree can only do so where both have the ledgers.
    range: rangeAfter({ ledger, inService, needed: isConfirmed ? needed : 1 }),
    confirmed: isConfirmed,
    endpoint: namesOf(inService),
  })
}

/** The ledgers after the lost ones that at least `needed` endpoints have. */
function rangeAfter(lost: {
  ledger: number
  inService: readonly Endpoint[]
  needed: number
}): LedgerRange | undefined {
  const { ledger, inService, needed } = lost
  // Several nodes may share one URL: the evidence names the longest history of them.
  const oldestOfEach = inService.map(
    ({ evidence, ledgers }) =>
      evidence.oldestAfter(ledger) ?? ledgers.oldest() ?? Number.POSITIVE_INFINITY,
  )
  const sorted = oldestOfEach.toSorted((a, b) => a - b)
  const oldest = sorted[Math.min(needed, sorted.length) - 1]
  const latest = Math.max(...inService.map(({ ledgers }) => ledgers.latest() ?? 0))
  return oldest === undefined || oldest > latest ? undefined : { oldest, latest }
}

function noneAnswered(call: FailedCall, usable: readonly Endpoint[]): SourceError {
  const { endpoints, failures, answered = [] } = call
  const failuresOfUsable = failures.filter(({ from }) => usable.includes(from))
  const worst = mostUseful(failuresOfUsable, usable)
  if (worst !== undefined && endpoints.length === 1) return withEndpoint(worst)
  const text = failures.map(({ from, error }) => `${from.name}: ${error.fault}: ${error.message}`)
  if (answered.length > 0) text.unshift(`only ${answered[0]!.name} answered of the two needed`)
  const options = {
    cause: worst?.error,
    retryAfterMs: shortestWait(usable),
    range: worst?.error.range,
    endpoint: namesOf((worst === undefined ? failuresOfUsable : [worst]).map(({ from }) => from)),
  }
  if (worst !== undefined) {
    return new SourceError(worst.error.fault, `no RPC could answer: ${text.join('; ')}`, options)
  }
  // The endpoint that answered is not enough, or one that was not asked may still answer.
  const fault = answered.length > 0 ? 'unknown' : 'unreachable'
  return new SourceError(fault, `not every RPC has answered: ${text.join('; ')}`, options)
}

/**
 * The failure that says most about what to do next. Faults of weight 0 say nothing while another
 * endpoint may still answer, so they are reported only if every endpoint has the same one.
 */
function mostUseful(
  failures: readonly Failure<Endpoint>[],
  usable: readonly Endpoint[],
): Failure<Endpoint> | undefined {
  const [heaviest] = failures.toSorted((a, b) => weight(b) - weight(a))
  if (heaviest === undefined || weight(heaviest) > 0) return heaviest
  const same = failures.filter(({ error }) => error.fault === heaviest.error.fault)
  return usable.every((endpoint) => same.some(({ from }) => from === endpoint))
    ? heaviest
    : undefined
}

function weight({ error }: Failure<Endpoint>): number {
  return REACTIONS[error.fault].weight
}

/** The shortest time that one of these servers asked to be left alone for. */
function shortestWait(usable: readonly Endpoint[]): number | undefined {
  const waitMs = Math.min(...usable.map(({ health }) => health.askedToWaitMs()))
  return waitMs > 0 ? waitMs : undefined
}

function withEndpoint({ from, error }: Failure<Endpoint>): SourceError {
  const { fault, message, retryAfterMs, range, limit } = error
  const options = { cause: error, retryAfterMs, range, limit, endpoint: from.name }
  return new SourceError(fault, message, options)
}

function namesOf(endpoints: readonly Endpoint[]): string {
  return endpoints.map(({ name }) => name).join(', ')
}
