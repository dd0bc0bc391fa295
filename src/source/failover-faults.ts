import { SourceError } from '../domain/errors.ts'
import type { Fault } from '../domain/faults.ts'
import type { Endpoint } from './endpoint.ts'
import type { Failure } from './race.ts'

/**
 * What it means when no endpoint could answer: the one fault that says most about what to do next.
 * Above all, whether ledgers are lost, which must not be said as long as somebody may have them.
 */

/** The earlier, the more it says: of the request first, of a server next, of a connection last. */
const TELLING: readonly Fault[] = [
  'time_limit',
  'too_many',
  'behind',
  'refused',
  'malformed',
  'unknown',
  'not_ready',
  'busy',
  'timeout',
  'unreachable',
]
/** An endpoint that nothing was heard of for so long has no say in whether ledgers are lost. */
const GIVEN_UP_MS = 6 * 3_600_000

export interface Failed {
  endpoints: readonly Endpoint[]
  failures: readonly Failure<Endpoint>[]
  /** Those that have answered, where that is not enough. */
  answered?: readonly Endpoint[]
  networkPassphrase: string
}

export function allFailed(failed: Failed): SourceError {
  const { endpoints, failures, answered = [] } = failed
  const inService = endpoints.filter((endpoint) => endpoint.aside() === undefined)
  if (inService.length === 0) return noneServes(failed)
  if (endpoints.length === 1 && failures.length === 1) return failures[0]!.error
  const lost = outsideRetention(failures, inService)
  if (lost !== undefined) return lost
  const others = failures.filter(
    ({ from, error }) => error.fault !== 'outside_retention' && inService.includes(from),
  )
  const [worst] = others.toSorted((a, b) => telling(a.error) - telling(b.error))
  const text = failures.map(({ from, error }) => `${from.name}: ${error.fault}: ${error.message}`)
  if (answered.length > 0) text.unshift(`only ${answered[0]!.name} could answer of the two needed`)
  if (worst === undefined) {
    // Either the others have short histories, or those that were not asked may have longer ones.
    const fault = answered.length > 0 ? 'unknown' : 'unreachable'
    return new SourceError(fault, `not every RPC has answered: ${text.join('; ')}`)
  }
  const { fault, range } = worst.error
  const retryAfterMs = Math.min(...inService.map(({ health }) => health.askedToWaitMs()))
  return new SourceError(fault, `no RPC could answer: ${text.join('; ')}`, {
    cause: worst.error,
    retryAfterMs: retryAfterMs > 0 ? retryAfterMs : undefined,
    range,
  })
}

/** Where all are of another network, or without the contract. */
function noneServes({ endpoints, networkPassphrase }: Failed): SourceError {
  const seen = endpoints.map((endpoint) => `${endpoint.name} ${endpoint.aside()?.detail}`)
  return new SourceError(
    'refused',
    `no RPC serves the contract on the network "${networkPassphrase}": ${seen.join('; ')}: set RPC_URL, NETWORK and CONTRACT_ID so that they fit`,
  )
}

/** Only if everyone says so: one that is merely away, or behind, may have what the others lost. */
function outsideRetention(
  failures: readonly Failure<Endpoint>[],
  inService: readonly Endpoint[],
): SourceError | undefined {
  const outside = failures.filter(({ error }) => error.fault === 'outside_retention')
  const saidSo = new Set(outside.map(({ from }) => from))
  const voters = inService.filter((endpoint) => endpoint.silentMs() < GIVEN_UP_MS)
  if (outside.length === 0 || !voters.every((voter) => saidSo.has(voter))) return undefined
  const ranges = outside.map(({ error }) => error.range).filter((range) => range !== undefined)
  const range =
    ranges.length === 0
      ? undefined
      : {
          oldest: Math.min(...ranges.map(({ oldest }) => oldest)),
          latest: Math.max(...ranges.map(({ latest }) => latest)),
        }
  const text = outside.map(({ from, error }) => `${from.name}: ${error.message}`).join('; ')
  return new SourceError('outside_retention', text, { cause: outside[0]!.error, range })
}

function telling({ fault }: SourceError): number {
  const place = TELLING.indexOf(fault)
  return place === -1 ? TELLING.length : place
}
