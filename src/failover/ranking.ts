import type { Endpoint } from './endpoint/endpoint.ts'
import type { PageStart } from '../source/source.ts'

/** Who is asked, and in which order. */
export interface Ranking {
  /** Who the last page is from. */
  serving(): readonly Endpoint[]
  serve(endpoints: readonly Endpoint[]): void
  /** Those that may be asked, best first. */
  ranked(start?: PageStart, mayTry?: MayTry): Endpoint[]
  /** Who is asked next in one call that needs so many answers; see the body. */
  createQueue(needed: number, start?: PageStart, mayTry?: MayTry): Queue
}

/** Whether an endpoint that is set aside may be tried, where there is no other. */
export type MayTry = (endpoint: Endpoint) => boolean

/** `hopes` is how many have answered well or still may. */
export type Queue = (hopes: number) => Endpoint | undefined

export function createRanking(endpoints: readonly Endpoint[]): Ranking {
  let serving: readonly Endpoint[] = []

  /**
   * The lowest comes first; among equals the order of preference decides. One that lags is worse
   * than one that has just failed, because it holds the log back for as long as it is asked.
   */
  function rank(endpoint: Endpoint, start: PageStart | undefined): number {
    if (start !== undefined && endpoint.ledgers.lacks(start)) return 4
    if (endpoint.ledgers.lags()) return 3
    if (endpoint.health.isTrusted()) return 0
    return serving.includes(endpoint) ? 1 : 2
  }

  function ranked(start?: PageStart, mayTry: MayTry = isDue): Endpoint[] {
    const usable = endpoints.filter((endpoint) => endpoint.aside() === undefined)
    if (usable.length === 0) return endpoints.filter(mayTry)
    return usable.toSorted((a, b) => rank(a, start) - rank(b, start))
  }

  return {
    serving: () => serving,
    serve(chosen) {
      serving = chosen
    },
    ranked,

    /**
     * Endpoints that cool down are passed over as long as others may still give the answers
     * `needed`; without these, the one that has cooled down most is asked. One that asked for it
     * itself is left alone, unless all of them did.
     */
    createQueue(needed, start, mayTry) {
      const asked = new Set<Endpoint>()
      let early = 0

      return (hopes) => {
        const left = ranked(start, mayTry).filter((endpoint) => !asked.has(endpoint))
        let next = left.find(({ health }) => health.coolingMs() === 0)
        if (next === undefined && hopes < needed && early < needed) {
          early += 1
          next = leastCool(left, ranked(start, mayTry))
        }
        if (next !== undefined) asked.add(next)
        return next
      }
    },
  }
}

function leastCool(left: readonly Endpoint[], all: readonly Endpoint[]): Endpoint | undefined {
  const others = left.filter(mayBeAsked)
  const candidates = all.some(mayBeAsked) ? others : left
  return candidates.toSorted((a, b) => a.health.coolingMs() - b.health.coolingMs())[0]
}

function mayBeAsked({ health }: Endpoint): boolean {
  return health.askedToWaitMs() === 0
}

export function isDue(endpoint: Endpoint): boolean {
  return endpoint.aside()?.isDue ?? false
}

/** Of our network, though it lacks the contract. */
export function isOurs(endpoint: Endpoint): boolean {
  const aside = endpoint.aside()
  return aside !== undefined && aside.passphrase === undefined
}
